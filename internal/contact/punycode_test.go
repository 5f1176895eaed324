package contact

import "testing"

// Samples of RFC 3492 §7.1 and names encoded by another implementation (Python's codec).
func TestPunycode(t *testing.T) {
	tests := []struct{ label, want string }{
		{"ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"},                      // (A)
		{"他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},                            // (B)
		{"почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"}, // (G), in small letters
		{"3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"},                             // (L)
		{"peña", "pea-8ma"},
		{"españa", "espaa-rta"},
		{"niño-españa", "nio-espaa-m6ag"},
		{"aéiöu-ñandú", "aiu-and-bya9e3bwc"},
		{"münchen", "mnchen-3ya"},
		{"faß", "fa-hia"},
		{"παράδειγμα", "hxajbheg2az3al"},
		{"日本語", "wgv71a119e"},
		{"ñ", "ida"},
		{"\U00010400", "ci8c"},
	}
	for _, tt := range tests {
		if got := punycode([]rune(tt.label)); got != tt.want {
			t.Errorf("punycode(%q) = %q, want %q", tt.label, got, tt.want)
		}
	}
}
