package contact

import (
	"strings"
	"testing"
)

// Names encoded by other implementations: samples of RFC 3492 §7.1, and Python's codec.
func TestDomainInASCII(t *testing.T) {
	for _, c := range []struct{ label, want string }{
		{"他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},                            // (B)
		{"почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"}, // (G), in small letters
		{"3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"},                             // (L)
		{"peña", "xn--pea-8ma"},
		{"españa", "xn--espaa-rta"},
		{"niño-españa", "xn--nio-espaa-m6ag"},
		{"aéiöu-ñandú", "xn--aiu-and-bya9e3bwc"},
		{"münchen", "xn--mnchen-3ya"},
		{"faß", "xn--fa-hia"}, // not "fass", which is another name
		{"παράδειγμα", "xn--hxajbheg2az3al"},
		{"日本語", "xn--wgv71a119e"},
		{"ñ", "xn--ida"},
		{"xn--ida", "xn--ida"},
		{"xn--IDA", "xn--ida"},
		{"xn--zzzzzzzz99999", ""}, // no letters at all
		{"xn--a", ""},
		{"ليهم؟", ""}, // a question mark of another script
		{"аpple\u200d", ""},
		{"ab--cd", ""},
		{"", ""},
	} {
		got, ok := asciiDomain(c.label + ".es")
		if ok != (c.want != "") || ok && strings.TrimSuffix(got, ".es") != c.want {
			t.Errorf("asciiDomain(%q) = %q, %t; want %q", c.label, got, ok, c.want)
		}
		if again, same := asciiDomain(got); ok && (!same || again != got) {
			t.Errorf("%q becomes %q", got, again)
		}
	}
}
