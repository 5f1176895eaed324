package node

import (
	"context"
	"fmt"

	"clave/internal/keyring"
)

// Ready says why no visitors should be sent to this node: its database or its clock is not as it must be (safety rule 22), or
// its keys do not sign.
func (n *Node) Ready(ctx context.Context) error {
	if err := n.Store.Ready(ctx); err != nil {
		return fmt.Errorf("the database: %w", err)
	}
	for _, name := range keyring.Names() {
		if _, err := n.ring.Signing(name, n.now()); err != nil {
			return fmt.Errorf("the key ring: %w", err)
		}
	}
	return nil
}
