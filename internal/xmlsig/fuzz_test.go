package xmlsig_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"clave/internal/xmlsig"
)

func seeds(f *testing.F) [][]byte {
	out := [][]byte{fixture(f, "response.xml"), fixture(f, "request.xml")}
	for _, a := range awkward {
		out = append(out, a.document())
	}
	return append(out,
		[]byte(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>`),
		[]byte(`<x::r/>`), []byte(`<r :a="x"/>`), []byte(`<r>&#xD800;</r>`), []byte("<r a=\"\n\"/>"), []byte(`<r>]]></r>`))
}

// What Parse accepts, we write and read back unchanged, and Go's own parser reads the same in what came and in what we write.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		d, err := xmlsig.Parse(message)
		if err != nil {
			if d != nil {
				t.Fatal("a document came back with the error")
			}
			return
		}
		once := written(t, d.Root())
		if twice := written(t, parsed(t, once).Root()); !bytes.Equal(once, twice) {
			t.Errorf("%q, then %q", once, twice)
		}
		if came, left := tokens(t, message), tokens(t, once); !slices.Equal(came, left) {
			t.Errorf("read as %q, written as %q", came, left)
		}
	})
}

// tokens lists what encoding/xml reads: names with their namespaces, attributes, text.
func tokens(t *testing.T, message []byte) (out []string) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(message, []byte("\ufeff"))))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%q: %v", message, err)
		}
		switch token := token.(type) {
		case xml.ProcInst:
		case xml.CharData:
			if text := string(token); strings.TrimSpace(text) != "" {
				out = append(out, text)
			}
		default:
			out = append(out, fmt.Sprintf("%T%v", token, token))
		}
	}
}

// fixedSigner has the same key in every process, so that the fuzzer's workers share messages.
var fixedSigner = sync.OnceValue(func() identity {
	return newIdentity(must(ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))))
})

// Nothing that verifies says what the key did not sign.
func FuzzVerify(f *testing.F) {
	genuine := map[string]bool{}
	for _, a := range append(awkward, awkwardCase{"response", "eidas-natural xs", ""}) {
		message := signedDocument(f, fixedSigner(), a)
		root, err := verify(message, fixedSigner().certs(), noon)
		if err != nil {
			f.Fatal(err)
		}
		genuine[string(written(f, root))] = true
		f.Add(message)
	}
	f.Add(rsaSigner().signed(f, "response.xml", xmlsig.RSASHA512))
	f.Fuzz(func(t *testing.T, message []byte) {
		root, err := verify(message, fixedSigner().certs(), noon)
		if (root == nil) != (err != nil) {
			t.Fatalf("element %v with error %v", root, err)
		}
		if root != nil && !genuine[string(written(t, root))] {
			t.Errorf("verified, but never signed: %s", written(t, root))
		}
	})
}

// Whatever an EncryptedData says, and whatever is in it, Decrypt returns a document that Parse would take, or its one error.
func FuzzDecrypt(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, false)
	}
	sealed := sealedText(f, parsed(f, fixture(f, "response.xml")).Root())
	f.Add([]byte(sealed), true)
	for _, d := range damages {
		f.Add([]byte(strings.ReplaceAll(sealed, d.old, d.new)), true)
	}
	f.Fuzz(func(t *testing.T, message []byte, whole bool) {
		if !whole {
			message = []byte(sealedBytes(t, message))
		}
		d, err := xmlsig.Parse(message)
		if err != nil {
			return
		}
		doc, err := xmlsig.Decrypt(d.Root(), decrypter(rsaSigner()))
		if (doc == nil) != (err == xmlsig.ErrDecrypt) {
			t.Fatalf("document %v with error %v", doc, err)
		}
		if doc != nil {
			parsed(t, written(t, doc.Root()))
		}
	})
}
