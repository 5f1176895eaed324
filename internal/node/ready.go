package node

import (
	"context"
	"fmt"

	"clave/internal/keyring"
)

// Ready tells whether visitors may be sent to this node: its database answers, and its keys sign.
func (n *Node) Ready(ctx context.Context) error {
	if _, err := n.Store.Epoch(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	for _, name := range keyring.Names() {
		if _, err := n.ring.Signing(name, n.now()); err != nil {
			return fmt.Errorf("the key ring: %w", err)
		}
	}
	return nil
}
