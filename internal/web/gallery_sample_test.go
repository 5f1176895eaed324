package web

import (
	"strings"
	"time"

	"clave/internal/locale"
)

// Its texts are samples, in Spanish whatever the language of the page.
const galleryMain = `
{{define "title"}}Galería{{end}}
{{define "main"}}
<h1>Escriba los datos de su documento</h1>
<p class="lead">Le enviaremos un PIN de seis cifras al teléfono con el que se registró.</p>
{{template "errors" .Errors}}
<form method="post" action="#main" novalidate>
{{range .Fields}}{{template "field" .}}
{{end}}
{{template "help" .Help}}
{{template "choices" .Radios}}
{{template "choices" .Checks}}
{{template "buttons" .Buttons}}
</form>
<h2>Su petición</h2>
{{template "shown" .Shown}}
{{template "steps" .Steps}}
{{template "countdown" .Countdown}}
{{range .Notices}}{{template "notice" .}}
{{end}}
<h2>Elija cómo identificarse</h2>
{{template "methods" .Methods}}
<h2>Compruebe sus datos</h2>
{{template "summary" .Rows}}
{{template "shown" .Activation}}
<table class="table">
<caption>Últimas entradas</caption>
<thead><tr><th scope="col">Servicio</th><th scope="col">Cuándo</th><th scope="col">Resultado</th></tr></thead>
<tbody>
<tr><th scope="row">Agencia Tributaria</th><td data-label="Cuándo">30 de junio de 2030, 10:04</td><td data-label="Resultado"><span class="badge badge-good">Identificado</span></td></tr>
<tr><th scope="row">Ayuntamiento de Soria</th><td data-label="Cuándo">12 de mayo de 2030, 18:31</td><td data-label="Resultado"><span class="badge badge-bad">PIN equivocado</span></td></tr>
</tbody>
</table>
{{end}}`

// sampled is a page's data as handlers build it: the page's own, and what it shows.
type sampled struct {
	page
	Fields            []field
	Help              help
	Radios, Checks    choices
	Buttons           []button
	Shown, Activation shown
	Steps             steps
	Countdown         countdown
	Notices           []notice
	Methods           []method
	Rows              []row
}

func sample(l locale.Lang) sampled {
	s := sampled{page: samplePage(l)}
	s.Fields, s.Radios, s.Checks = sampleFields(l), sampleRadios(l), sampleChecks(l)
	s.Help = sampleHelp()
	s.Buttons = []button{
		{Kind: "primary", Text: "Continuar"},
		{Kind: "secondary", Text: "Pedir otro PIN", Name: "again", Value: "1"},
		{Kind: "danger", Text: "Dar de baja"},
		{Kind: "quiet", Text: "Volver", URL: "#main"},
		{Kind: "quiet-danger", Text: "No he sido yo", URL: "#main"},
	}
	s.Shown = shown{Label: "Compruebe que el mensaje lleva este código:", Letters: strings.Split("K7MQ", ""), Note: "Si lleva otro, no escriba el PIN."}
	s.Activation = shown{Label: "Su código de activación", Letters: strings.Split("K7QM4HTX9D2CPVRE", ""), Note: "Guárdelo: no lo volveremos a mostrar."}
	s.Steps = steps{Lang: l, URL: "#main", List: []step{
		{"done", "Mensaje preparado", "10:04"}, {"done", "Enviado a su operadora", "10:04"},
		{"now", "Esperando a que llegue a su teléfono", ""}, {"next", "Escriba el PIN", ""},
	}}
	s.Countdown = countdown{Lang: l, Text: "El PIN sirve hasta las 10:14.", Until: time.Date(2030, 6, 30, 8, 14, 0, 0, time.UTC), Left: 6*time.Minute + 20*time.Second, Total: 10 * time.Minute}
	s.Notices, s.Methods, s.Rows = sampleNotices(), sampleMethods(), sampleRows()
	return s
}

func samplePage(l locale.Lang) page {
	p := page{
		Lang: l, Service: "Agencia Tributaria · Declaración de la renta", HelpPhone: "060", Reference: "7F3K-92QD", Demo: true,
		Address: "Secretaría de Identidad Digital, calle del Ejemplo 1, 28000 Madrid", AccessibilityURL: "#main", PrivacyURL: "#main",
		Errors: errorList{l, []fieldError{{"nif", "La letra no corresponde al número. Revise los dos."}, {"reason", "Elija una respuesta."}}},
	}
	for _, other := range locale.All() {
		p.Languages = append(p.Languages, tongue{other.Code(), other.Name(), "#main", other == l})
	}
	return p
}

func sampleFields(l locale.Lang) []field {
	return []field{
		{Lang: l, Kind: "nif", Name: "nif", Label: "DNI o NIE", Hint: "Con su letra. Por ejemplo, 12345678Z o X1234567L.", Value: "12345678A", Error: "La letra no corresponde al número. Revise los dos."},
		{Lang: l, Kind: "date", Name: "date", Label: "Fecha de validez de su DNI", Hint: "Por ejemplo, 30 6 2030.", Value: "30 6 2030"},
		{Lang: l, Kind: "support", Name: "support", Label: "Número de soporte", Value: "E12345678"},
		{Lang: l, Kind: "csv", Name: "csv", Label: "Código seguro de verificación (CSV) de la carta", Value: "K7QM 4HTX 9D2C PVRE"},
		{Lang: l, Kind: "code", Name: "pin", Label: "PIN", Hint: "Las seis cifras del mensaje.", Value: "482913"},
		{Lang: l, Kind: "phone", Name: "phone", Label: "Teléfono móvil", Value: "+34 600 123 456"},
		{Lang: l, Kind: "email", Name: "email", Label: "Correo electrónico", Optional: true, Value: "carmen@ejemplo.es"},
	}
}

func sampleRadios(l locale.Lang) choices {
	return choices{Lang: l, Name: "reason", Legend: "¿Qué documento tiene?", Error: "Elija una respuesta.", Options: []option{
		{Value: "dni", Text: "DNI", Checked: true}, {Value: "tie", Text: "Tarjeta de extranjero", Hint: "Permiso de residencia, de plástico."},
	}}
}

func sampleChecks(l locale.Lang) choices {
	return choices{Lang: l, Name: "terms", Legend: "Condiciones", Many: true, Options: []option{
		{Value: "yes", Text: "He leído para qué se usan mis datos y lo acepto.", Checked: true},
	}}
}

func sampleHelp() help {
	return help{Title: "¿Dónde está en mi documento?", Text: []string{"Busque el recuadro amarillo en el dibujo que se parezca a su documento."}, Pictures: []picture{
		{"static/document-dni.svg", "Anverso del DNI. La fecha de validez está abajo a la derecha.", "DNI", 404},
		{"static/document-dni-permanent.svg", "Anverso del DNI permanente. La fecha de emisión está junto a la de validez, que es 01 01 9999.", "DNI permanente", 404},
		{"static/document-tie.svg", "Tarjeta de extranjero. El número está arriba a la derecha y empieza por E.", "Tarjeta de extranjero", 404},
		{"static/document-eu.svg", "Certificado verde. El número está en el reverso de la tarjeta o, en la hoja, arriba a la derecha.", "Certificado de la Unión Europea: escriba una C delante", 356},
		{"static/letter-csv.svg", "Carta. El CSV está en el recuadro del centro.", "Carta de invitación", 584},
	}}
}

func sampleNotices() []notice {
	return []notice{
		{"info", "", []string{"Si este DNI está registrado con esta fecha, el mensaje llegará en menos de un minuto."}},
		{"success", "Ya está identificado", []string{"Le llevamos de vuelta al servicio."}},
		{"warning", "Su DNI caduca pronto", []string{"Renuévelo antes del 30 de junio de 2030 para seguir usando Cl@ve."}},
		{"error", "Este PIN ya no sirve", []string{"Ha pasado el tiempo. Pida otro."}},
	}
}

func sampleMethods() []method {
	return []method{
		{Title: "Cl@ve PIN", About: "Un mensaje con un PIN a su teléfono.", Badge: "La que usó la última vez", Button: button{Kind: "primary", Text: "Usar PIN", Name: "method", Value: "pin"}},
		{Title: "Certificado o DNI electrónico", About: "Instalado en este equipo, o con su lector.", Button: button{Kind: "secondary", Text: "Usar certificado", Name: "method", Value: "certificate"}},
		{Title: "Cl@ve Permanente", About: "Su contraseña.", Why: "Este servicio pide un nivel más alto."},
	}
}

func sampleRows() []row {
	return []row{
		{"DNI", "***4567**", "", ""},
		{"Teléfono", "+34 ··· ··· 456", "#main", "Cambiar"},
		{"Correo electrónico", "c····@e····.es", "#main", "Cambiar"},
	}
}
