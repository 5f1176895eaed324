package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"clave/internal/config"
)

// healthcheck is `clave healthcheck`: for containers, which have no other program to ask with.
type healthcheck struct {
	Address string `help:"The operator's port of the node." default:"127.0.0.1:9090" placeholder:"HOST:PORT"`
	Config  string `help:"Or the configuration of clave serve, which names that port." placeholder:"FILE"`
	Ready   bool   `help:"Ask whether it is ready for visitors, too: a database that is away makes every node say no."`
}

// Run fails unless the node says yes.
func (c *healthcheck) Run(ctx context.Context) error {
	if c.Config != "" {
		f, err := config.LoadData(c.Config)
		if err != nil {
			return err
		}
		c.Address = f.Listen.Admin
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	page := "/livez"
	if c.Ready {
		page = "/readyz"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Address+page, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s says %s", page, answer.Status)
	}
	return nil
}
