package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"slices"
	"syscall"
	"time"
)

// The yardstick is one RSA-2048 signature: no answer over SAML goes without one. A cost in signatures means the same on
// another machine, and on this one when its neighbours are loud.
const (
	signRounds   = 7
	signsInRound = 30
)

// yardstick signs in one thread, one after the other.
type yardstick struct{ key *rsa.PrivateKey }

// rounds returns the CPU time of one signature in each round.
func (y yardstick) rounds() []time.Duration {
	digest := sha256.Sum256([]byte("an answer"))
	var rounds []time.Duration
	for range signRounds {
		began := ownCPU()
		for range signsInRound {
			must(rsa.SignPKCS1v15(nil, y.key, crypto.SHA256, digest[:]))
		}
		rounds = append(rounds, (ownCPU()-began)/signsInRound)
	}
	return rounds
}

// median takes any times, in any order.
func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// ownCPU is what this process has used, in user and system mode.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
