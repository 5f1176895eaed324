package web

import (
	"errors"

	"clave/internal/locale"
	"clave/internal/nif"
)

// nifField asks for the DNI or NIE. An error of nif.Parse is told in words, and listed on top of the page.
func (p *page) nifField(typed string, err error) field {
	f := field{Lang: p.Lang, Kind: "nif", Name: "nif", Label: p.T("document.nif"), Hint: p.T("document.nif-hint"), Value: typed}
	if err != nil {
		f.Error = p.wrong(f.Name, nifFault(err))
	}
	return f
}

func nifFault(err error) locale.Key {
	switch {
	case errors.Is(err, nif.ErrEmpty):
		return "document.nif-empty"
	case errors.Is(err, nif.ErrLetter):
		return "document.nif-letter"
	case errors.Is(err, nif.ErrKind):
		return "document.nif-kind"
	default:
		return "document.nif-shape"
	}
}

// datumKind is the datum that the holder of a number is asked for. Whoever has a permanent DNI says so themselves.
func datumKind(n nif.NIF, permanent bool) nif.DatumKind {
	switch {
	case n.Kind() == nif.NIE:
		return nif.Support
	case permanent:
		return nif.Issue
	default:
		return nif.Validity
	}
}

// parseDatum reads a datum of a kind, as it is typed or as it was kept.
func parseDatum(k nif.DatumKind, typed string) (nif.Datum, error) {
	if k == nif.Support {
		return nif.ParseSupport(typed)
	}
	return nif.ParseDate(k, typed)
}

// datumField asks for a datum of the document. An error of parseDatum is told in words, and listed on top of the page.
func (p *page) datumField(k nif.DatumKind, typed string, err error) field {
	f := field{Lang: p.Lang, Kind: "date", Name: "datum", Value: typed}
	switch k {
	case nif.Support:
		f.Kind, f.Label, f.Hint = "support", p.T("document.support"), p.T("document.support-hint")
	case nif.Issue:
		f.Label, f.Hint = p.T("document.issue"), p.T("document.issue-hint")
	default:
		f.Label, f.Hint = p.T("document.validity"), p.T("document.validity-hint")
	}
	if err != nil {
		f.Error = p.wrong(f.Name, datumFault(k, err))
	}
	return f
}

func datumFault(k nif.DatumKind, err error) locale.Key {
	empty := errors.Is(err, nif.ErrEmpty)
	switch {
	case k == nif.Support && empty:
		return "document.support-empty"
	case k == nif.Support:
		return "document.support-wrong"
	case empty:
		return "document.date-empty"
	default:
		return "document.date-wrong"
	}
}

// datumHelp shows where the datum stands on each document that carries it.
func (p page) datumHelp(k nif.DatumKind) help {
	h := help{Title: p.T("document.where"), Text: []string{p.T("document.where-text")}}
	dni := picture{p.Asset("document-dni.svg"), p.T("document.picture-dni-alt"), p.T("document.picture-dni"), 404}
	permanent := picture{p.Asset("document-dni-permanent.svg"), p.T("document.picture-permanent-alt"), p.T("document.picture-permanent"), 404}
	card := picture{p.Asset("document-tie.svg"), p.T("document.picture-tie-alt"), p.T("document.picture-tie"), 404}
	sheet := picture{p.Asset("document-eu.svg"), p.T("document.picture-eu-alt"), p.T("document.picture-eu"), 356}
	switch k {
	case nif.Support:
		h.Pictures = []picture{card, sheet}
	case nif.Issue:
		h.Pictures = []picture{permanent}
	default:
		h.Pictures = []picture{dni}
	}
	return h
}
