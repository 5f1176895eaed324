package gateway

import (
	"io"

	"clave/internal/courier"
)

func (c *Carrier) Read(body io.Reader) ([]courier.Receipt, error) { return c.read(body) }
