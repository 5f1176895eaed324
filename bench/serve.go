package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/census"
	"clave/internal/courier"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/node"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/store"
	"clave/internal/web"
)

// serveArgument makes this program the server.
const serveArgument = "serve"

// The world of the benchmark.
const (
	claveHost   = "clave.example"
	claveOrigin = "https://" + claveHost
)

// order is the first line that the server reads. After it, each line asks for its usage so far.
type order struct {
	Dir      string
	Database string // an address; empty: an embedded one in Dir
	First    int    // citizen who is registered, of
	Citizens int    // so many
	Keys     bool   // are in Dir already
	Made     bool   // and so are the citizens
	Profile  string // begins when usage is asked for the first time

	Hall         []byte          // certificate of the town hall
	Tax, Further json.RawMessage // keys of the offices, JWK Sets
}

// said is a line that the server writes: one of its fields is set.
type said struct {
	Ready *ready `json:",omitempty"`
	SMS   *sms   `json:",omitempty"`
	Usage *usage `json:",omitempty"`
}

type ready struct {
	Address     string
	Certificate []byte // that signs answers
}

// server is the process that is measured: a node as an installation runs it, with production limits, the embedded
// database with durable commits, and an operator of phones who delivers at once.
type server struct {
	order
	mu  sync.Mutex
	out *json.Encoder
}

// serve obeys its standard input until that ends.
func serve(ctx context.Context, in io.Reader, out io.Writer) error {
	s := &server{out: json.NewEncoder(out)}
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return errors.New("serve: is started by bench itself")
	}
	if err := json.Unmarshal(lines.Bytes(), &s.order); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	node.TuneMemory()
	n, ring, err := s.build(ctx)
	if err != nil {
		return err
	}
	key, err := ring.Signing("saml", time.Now())
	if err != nil {
		return err
	}
	err = s.answer(ctx, n, key.Certificate.Raw, lines)
	return errors.Join(err, n.Close(context.Background()))
}

// answer serves browsers until the standard input ends.
func (s *server) answer(ctx context.Context, n *node.Node, certificate []byte, lines *bufio.Scanner) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	site := &http.Server{Handler: n.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	var running sync.WaitGroup
	running.Go(func() { n.Run(ctx) })
	running.Go(func() { _ = site.Serve(listener) })
	err = s.say(said{Ready: &ready{listener.Addr().String(), certificate}})
	if err == nil {
		err = s.obey(lines)
	}
	stop()
	err = errors.Join(err, site.Close())
	running.Wait()
	return err
}

// database is the embedded one.
func (s *server) database() string { return filepath.Join(s.Dir, databaseFile) }

// What a server keeps in its folder.
const (
	databaseFile = "clave.db"
	keysFile     = "keys.json"
)

func (s *server) ring() (*keyring.Ring, error) {
	path := filepath.Join(s.Dir, keysFile)
	if s.Keys || s.Made {
		return keyring.Open(path)
	}
	return keyring.Create(path, keyring.Live, time.Now())
}

func (s *server) build(ctx context.Context) (*node.Node, *keyring.Ring, error) {
	ring, err := s.ring()
	if err != nil {
		return nil, nil, err
	}
	n, err := node.Build(ctx, node.Config{
		Kind: keyring.Live, Database: cmp.Or(s.Database, s.database()), Ring: ring, Origin: claveOrigin,
		Census:   func(st *store.Store) person.Census { return census.Table{Store: st} },
		Carriers: map[notify.Channel]courier.Carrier{notify.SMS: s, notify.Email: s, notify.Letter: s},
		Policy:   assurance.Policy{NationalPractice: true}, PINStyle: pin.SixDigits,
		PIN: pin.DefaultLimits(), Letters: enrolment.DefaultLimits(),
		Help: web.Help{Phone: "060", Address: "ayuda@clave.example"},
		Now:  time.Now,
		Fatal: func(err error) {
			fmt.Fprintln(os.Stderr, "bench: server:", err)
			os.Exit(1)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	if err := s.settle(ctx, n.Store); err != nil {
		return nil, nil, errors.Join(err, n.Close(ctx))
	}
	return n, ring, forgetPeak()
}

// settle registers services and citizens.
func (s *server) settle(ctx context.Context, db *store.Store) error {
	if s.Hall != nil {
		if err := s.register(ctx, db); err != nil {
			return err
		}
	}
	if s.Made {
		return nil
	}
	return seed(ctx, db, s.First, s.First+s.Citizens, time.Now())
}

// Send implements courier.Carrier: the message is on the phone at once.
func (s *server) Send(_ context.Context, p courier.Parcel) (courier.Taken, error) {
	return courier.Taken{State: notify.Delivered}, s.say(said{SMS: &sms{p.To, p.Text}})
}

func (s *server) say(w said) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Encode(w)
}

func (s *server) obey(lines *bufio.Scanner) error {
	defer pprof.StopCPUProfile()
	for asked := 0; lines.Scan(); asked++ {
		if asked == 0 && s.Profile != "" {
			if err := s.profile(); err != nil {
				return err
			}
		}
		u, err := s.usage()
		if err != nil {
			return err
		}
		if err := s.say(said{Usage: &u}); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (s *server) profile() error {
	f, err := os.Create(s.Profile)
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(f)
}
