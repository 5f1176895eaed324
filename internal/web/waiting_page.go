package web

import (
	"bytes"
	"encoding/json"
	"html"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"clave/internal/crowd"
	"clave/internal/locale"
)

// waitingPages holds the waiting page of each language and kind, made once: a node that has no time makes no pages. What is of
// each visitor is written into it.
type waitingPages struct{ made sync.Map } // by waitingKind: *string

type waitingKind struct {
	lang locale.Lang
	post bool // it holds a form
	kept bool // what was sent goes on; otherwise it is to be sent again
}

// What stands for the visitor's own in a page that was made.
const (
	hereTongues = "@@tongues@@"
	hereTime    = "@@time@@"
	hereAhead   = "@@ahead@@"
	hereTicket  = "@@ticket@@"
	hereRequest = "@@request@@"
	hereAsk     = "@@ask@@"
)

type waitingPage struct {
	page
	Post, Kept                        bool
	Time, Ahead, Ticket, Request, Ask string
	At                                string
	Buttons                           []button
}

// wait answers with the waiting page, which holds the visitor's place and what they sent, and goes on by itself.
func (d *atDoor) wait(turn crowd.Turn) {
	if ofServices(d.r.URL.Path) {
		d.plainly()
		return
	}
	kind := waitingKind{langOf(d.r), d.r.Method == http.MethodPost, true}
	request, purpose := "", addressOf(d.r.URL)
	if kind.post {
		purpose = forForm
		if kind.kept = d.keeps(); kind.kept {
			var err error
			if request, err = d.sealKept(); err != nil {
				d.fail(d.w, d.r, err)
				return
			}
		}
	}
	made, err := d.waitingPage(kind)
	if err != nil {
		d.fail(d.w, d.r, err)
		return
	}
	ticket := d.sealTicket(d.ticket, purpose)
	if !kind.post {
		d.setCookie(d.w, d.cookieName(waitingCookie), ticket, crowd.TicketLife)
	}
	tongues, err := d.page(d.r).tongues()
	if err != nil || kind.post {
		tongues = "" // in another language it would have to be asked for, and what was sent would be lost
	}
	time, ahead := turnSaid(kind.lang, turn)
	ask := strconv.Itoa(seconds(turn.Ask))
	d.later(turn.Ask)
	d.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	d.w.Header().Set("Content-Security-Policy", contentPolicy(d.leadsTo()))
	d.w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = strings.NewReplacer(hereTongues, string(tongues), hereTime, html.EscapeString(time), hereAhead, html.EscapeString(ahead),
		hereTicket, ticket, hereRequest, request, hereAsk, ask).WriteString(d.w, made) // the visitor may have gone
}

// waitingPage makes the page once.
func (s *Server) waitingPage(kind waitingKind) (string, error) {
	if made, ok := s.waiting.made.Load(kind); ok {
		return made.(string), nil
	}
	p := page{Lang: kind.lang, HelpPhone: s.Help.Phone, Address: s.Help.Address, Demo: s.Demo, Errors: errorList{Lang: kind.lang}, flow: true, waits: true}
	data := waitingPage{page: p, Post: kind.post, Kept: kind.kept, Time: hereTime, Ahead: hereAhead, Ticket: hereTicket, Request: hereRequest, Ask: hereAsk}
	data.Buttons = []button{{Kind: "primary", Text: p.T("waiting.button")}}
	var b bytes.Buffer
	if err := templates[kind.lang.Code()]["waiting.html"].Execute(&b, data); err != nil {
		return "", err
	}
	made := b.String()
	s.waiting.made.Store(kind, made)
	return made, nil
}

// turnSaid tells a turn in words: how long, roughly, and how many are before.
func turnSaid(lang locale.Lang, turn crowd.Turn) (time, ahead string) {
	minutes := int(math.Ceil(turn.Wait.Minutes()))
	if time = lang.Text("waiting.soon"); minutes > 1 {
		time = lang.Text("waiting.minutes", "n", minutes)
	}
	if turn.Ahead > 0 {
		ahead = lang.Text("waiting.ahead", "n", int(turn.Ahead))
	}
	return time, ahead
}

// place tells the page's script how far the line has come. It needs no place: it costs next to nothing.
func (d *atDoor) place() {
	if d.r.Method != http.MethodPost || http.NewCrossOriginProtection().Check(d.r) != nil {
		http.Error(d.w, "405", http.StatusMethodNotAllowed)
		return
	}
	d.r.Body = http.MaxBytesReader(d.w, d.r.Body, 4<<10)
	if err := d.r.ParseForm(); err != nil {
		http.Error(d.w, "400", http.StatusBadRequest)
		return
	}
	purpose := forForm
	if at := d.r.PostForm.Get("at"); at != "" {
		u, err := url.ParseRequestURI(at)
		if err != nil {
			http.Error(d.w, "400", http.StatusBadRequest)
			return
		}
		purpose = addressOf(u)
	}
	t, ok := d.openTicket(d.r.PostForm.Get("ticket"), purpose, crowd.TicketLife)
	open, turn := true, crowd.Turn{} // what is no ticket goes on, and begins anew
	if ok {
		open, turn = d.Door.Look(t)
	}
	time, ahead := turnSaid(langOf(d.r), turn)
	d.w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(d.w).Encode(waitingNews{open, time, ahead, turn.Ahead, seconds(turn.Ask)})
}

// waitingNews is what the page's script is told.
type waitingNews struct {
	Open   bool   `json:"open"`
	Time   string `json:"time"`
	Ahead  string `json:"ahead"`
	Before uint64 `json:"before"`
	Ask    int    `json:"ask"` // seconds
}

// plainly answers programs, and whoever there is not even room for a form of: later.
func (d *atDoor) plainly() {
	d.later(crowd.Soon.Ask)
	http.Error(d.w, "busy: try again in a moment", http.StatusServiceUnavailable)
}

func (d *atDoor) later(wait time.Duration) {
	d.w.Header().Set("Retry-After", strconv.Itoa(seconds(wait)))
}

func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// leadsTo is where the answer to a kept form may lead: browsers hold a form's policy against the redirect that answers it.
func (d *atDoor) leadsTo() string {
	if d.policy != "" || !beginsOIDC(d.r.URL.Path) {
		return d.policy
	}
	fields, err := url.ParseQuery(string(d.body))
	if err != nil {
		return ""
	}
	origin := originOf(fields.Get("redirect_uri"))
	if strings.ContainsAny(strings.TrimPrefix(origin, " "), " ;,'\"\\") {
		return ""
	}
	return origin
}
