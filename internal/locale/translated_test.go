package locale

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// alike are the texts that are the same in a language and in Spanish. One that equals the Spanish text and is not here was
// forgotten.
var alike = map[string][]string{
	"":   {"Cl@ve", "Cl@ve PIN", "Cl@ve · {url}", "DNI", "PIN", "{date}, {time}", "{method}, {level}", "{service}, {date}, {time}"}, // every language
	"ca": {"(opcional)", "DNI o NIE", "Error:", "Navegador", "Persona"},
	"gl": {
		"(opcional)", "Accesos", "Apartado", "Avisar a {service}", "Buscar", "Cambiar", "Cancelado", "Cartas", "Confirmado",
		"Confirmar", "Continuar", "Cookies", "Correo", "Correo electrónico", "Correos", "Código", "Código de activación",
		"Código seguro de verificación (CSV)", "DNI permanente", "Datos que recibiría", "En curso:", "Entrar",
		"Entrar en {service}", "Entrega a Correos", "Enviar", "Enviarme un PIN", "Enviarme un código", "Escribirnos",
		"Escribirnos con esta referencia", "Escríbanos", "Este documento está caducado", "Este navegador", "Identificación",
		"Identifíquese con Cl@ve PIN", "Impresión", "Lugares", "Navegador", "Necesita", "Número de soporte", "Para imprimir",
		"Pedido", "Petición recibida", "Por carta (nivel básico)", "Por vídeo automático", "Protección de datos", "Referencia",
		"Referencia:", "Responder a {address}", "Resultado", "Tarda", "Teléfono", "Teléfono, desde", "Usar Cl@ve PIN",
		"Usar {method}", "Ver", "Ver anteriores", "Volver a {service}", "nivel alto",
		"{n|Un PIN equivocado|{n} PIN equivocados}", "{n} {n|día|días}", "{n} {n|hora|horas}", "{n} {n|minuto|minutos}",
		"{n} {n|segundo|segundos}", "Último uso",
	},
	"en": {"Cookies", "Error:"},
}

func TestNothingIsLeftInSpanish(t *testing.T) {
	for _, l := range All()[1:] {
		same := slices.Concat(alike[""], alike[l.Code()])
		for key, text := range l.t.texts {
			if text == es[key] && !slices.Contains(same, text) {
				t.Errorf("%s: %s is as in Spanish: %q", l.Code(), key, text)
			}
		}
		for _, text := range alike[l.Code()] {
			if !slices.ContainsFunc(sorted(es), func(key Key) bool { return es[key] == text && l.t.texts[key] == text }) {
				t.Errorf("%s: no text is %q in Spanish too", l.Code(), text)
			}
		}
	}
}

// Before a name or a date Catalan would have to choose between "de" and "d'", "el" and "l'" by its first letter.
func TestCatalanNeedsNoElision(t *testing.T) {
	elided := regexp.MustCompile(`(?i)(\b(de|el|la)\s|[dlnst]')\{(service|name|host|date|n)\}`)
	for key, text := range ca {
		if found := elided.FindString(text); found != "" {
			t.Errorf("%s: %q does not stand before every value", key, found)
		}
	}
}

// "d'enviar" is written with one apostrophe, the one on every keyboard, so that texts compare and SMS can carry it.
func TestApostrophesAreStraight(t *testing.T) {
	for _, l := range All() {
		for key, text := range l.t.texts {
			if strings.ContainsAny(text, "’‘´`") {
				t.Errorf("%s: %s has another apostrophe: %q", l.Code(), key, text)
			}
		}
	}
}
