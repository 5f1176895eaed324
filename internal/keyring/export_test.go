package keyring

// AtEnd is called when every test is over.
var AtEnd []func()
