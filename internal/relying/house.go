package relying

import "context"

// House is the id of the party that our own pages are: a person identifies themselves for them as for any service. No
// registered party can have it, because the real ones' ids are at least as long as a NIF.
const House = "clave"

// Own is the party that our own pages are. It stays alone: what opens a service does not open a person's history.
var Own = Party{
	ID: House, Isolated: true,
	Names: map[string]string{"es": "Mi Cl@ve", "ca": "El meu Cl@ve", "gl": "O meu Cl@ve", "eu": "Nire Cl@ve", "en": "My Cl@ve"},
}

// WithOwn is a Registry that knows our own pages beside the services of another.
type WithOwn struct{ Registry }

// Party implements Registry.
func (w WithOwn) Party(ctx context.Context, id string) (Party, error) {
	if id == House {
		return Own, nil
	}
	return w.Registry.Party(ctx, id)
}
