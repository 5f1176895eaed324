// Package stories drives complete journeys through a running Clave, as its people would make them.
//
// A story is a plain text in testdata/stories that anybody can read: who does what, and what they see. The forms of its
// sentences are listed in sentences_test.go. The browsers of the stories run no JavaScript; those of browser/ are real ones.
// There is nothing here but tests.
package stories
