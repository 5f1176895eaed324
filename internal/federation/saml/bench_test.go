package saml_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha512"
	"testing"
	"time"
)

// Both benchmarks also tell their cost in RSA-2048 signatures of the same machine: at most 1.4 for an answer, which makes one, and 0.65 for a request.

func BenchmarkRespond(b *testing.B) {
	g, r := newGateway(noon), newResult(parsed(b, newRequest(), "_x8"))
	inSignatures(b, func() error {
		_, err := g.Respond(b.Context(), r)
		return err
	})
}

func BenchmarkParse(b *testing.B) {
	g, message := newGateway(noon), field(newRequest().signed(b))
	inSignatures(b, func() error {
		_, err := g.Parse(b.Context(), message, "_x8")
		return err
	})
}

// inSignatures compares the fastest of many turns, one after the other, so that a busy machine does not decide the ratio.
func inSignatures(b *testing.B, work func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := work(); err != nil {
			b.Fatal(err)
		}
	}
	digest := sha512.Sum512([]byte("answer"))
	signature, own := time.Hour, time.Hour
	for range 200 {
		own = min(own, took(b, work))
		signature = min(signature, took(b, func() error {
			_, err := gatewayKey().key.Sign(rand.Reader, digest[:], crypto.SHA512)
			return err
		}))
	}
	b.ReportMetric(float64(own)/float64(signature), "signatures")
}

func took(b *testing.B, work func() error) time.Duration {
	start := time.Now()
	if err := work(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
