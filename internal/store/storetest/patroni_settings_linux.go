package storetest

import (
	"path/filepath"
	"strconv"
	"strings"
)

// The times are as short as Patroni allows with them: the key of a leader lives as long as a round and two tries.
const patroniSettings = `
scope: clave
name: NAME
restapi: {listen: 'HOST:REST', connect_address: 'HOST:REST'}
etcd3: {host: 'HOST:ETCD'}
watchdog: {mode: 'off'}
bootstrap:
  dcs:
    ttl: 5
    loop_wait: 1
    retry_timeout: 2
    synchronous_mode: true
    synchronous_mode_strict: true
    primary_start_timeout: 0
    postgresql: {use_pg_rewind: true, use_slots: true}
  initdb: [{encoding: UTF8}, {locale: C.UTF-8}, {locale-provider: icu}, {icu-locale: es-ES}, no-sync]
postgresql:
  listen: 'HOST:PORT'
  connect_address: 'HOST:PORT'
  data_dir: 'DATA'
  bin_dir: 'BIN'
  pgpass: 'DATA.pgpass'
  pg_hba: ['host all all 127.0.0.0/8 trust', 'host replication all 127.0.0.0/8 trust']
  authentication: {superuser: {username: clave}, replication: {username: replicator}}
  basebackup: [{checkpoint: fast}, no-sync]
  parameters:
    unix_socket_directories: ''
    max_connections: 200
    shared_buffers: 32MB
    deadlock_timeout: 100ms
    tcp_keepalives_idle: 2
    tcp_user_timeout: 4000
`

func (p *Patroni) settings(m *member) string {
	return strings.NewReplacer("NAME", m.name, "HOST", p.host, "REST", strconv.Itoa(m.rest), "ETCD", strconv.Itoa(p.registry),
		"PORT", strconv.Itoa(m.port), "DATA", filepath.Join(p.dir, m.name), "BIN", p.bin).Replace(patroniSettings)
}
