package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
)

// Secret is a value that never prints itself. In the file it is NAME_file, a path, or NAME_env, a variable of the environment.
type Secret struct{ value string }

// Reveal returns the value.
func (s Secret) Reveal() string { return s.value }

// IsZero tells that the file names none.
func (s Secret) IsZero() bool { return s.value == "" }

// String implements fmt.Stringer.
func (s Secret) String() string { return "(secret)" }

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return s.String() }

// maxSecret is the longest file of a secret, in bytes.
const maxSecret = 64 << 10

// secret fills a secret's field. A field with a path takes a plain value too, if that is no secret: check sees to it.
func (r *reader) secret(section, name string, given map[string]any, f reflect.StructField, into reflect.Value) {
	at := join(section, name)
	r.hidden[at], r.wants[at] = true, wantOf(f)
	inFile, isFile := given[name+"_file"]
	inEnv, isEnv := given[name+"_env"]
	plain, isPlain := given[name]
	for _, one := range []string{at, at + "_file", at + "_env"} {
		r.wants[one] = wantOf(f)
	}
	switch {
	case isPlain && f.Tag.Get("path") == "":
		r.tell(at, "a secret does not stand in this file: want %s_file = the path of a file that holds it, or %[1]s_env = the name of a variable", name)
	case isPlain && (isFile || isEnv), isFile && isEnv:
		r.tell(at, "is given twice: want one of %s_file and %[1]s_env", name)
	case isPlain:
		r.given[at] = plain
		text, ok := plain.(string)
		r.must(ok && text != "", at)
		if !strings.Contains(text, "://") {
			text = r.beside(text)
		}
		into.Set(reflect.ValueOf(Secret{text}))
	case isFile:
		r.given[at] = inFile
		into.Set(reflect.ValueOf(Secret{r.fromFile(at+"_file", inFile)}))
	case isEnv:
		r.given[at] = inEnv
		into.Set(reflect.ValueOf(Secret{r.fromEnv(at+"_env", inEnv)}))
	}
}

func (r *reader) fromFile(path string, given any) string {
	name, ok := given.(string)
	if !ok || name == "" {
		r.tell(path, "want the path of a file that holds the secret")
		return ""
	}
	if r.dataOnly && !strings.HasPrefix(path, "database.") {
		return ""
	}
	name = r.beside(name)
	if err := Private(name); err != nil {
		r.tell(path, "%v", err)
		return ""
	}
	text, err := readAtMost(name, maxSecret)
	if err != nil {
		r.tell(path, "%v", err)
	}
	value := strings.TrimRight(string(text), "\r\n")
	if err == nil && value == "" {
		r.tell(path, "%s: empty", name)
	}
	return value
}

func (r *reader) fromEnv(path string, given any) string {
	name, ok := given.(string)
	if !ok || name == "" {
		r.tell(path, "want the name of a variable of the environment that holds the secret")
		return ""
	}
	value := os.Getenv(name)
	if value == "" && (!r.dataOnly || strings.HasPrefix(path, "database.")) {
		r.tell(path, "the variable %s of the environment is not set, or is empty", name)
	}
	return value
}

// Private refuses a file of secrets that others than its owner, who is root or the one who runs this, and a group of the one who
// runs this may read. What systemd hands over (LoadCredential) is root's, and its folder is closed to others.
func Private(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", name)
	}
	mode := info.Mode().Perm()
	system, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case mode&0o027 != 0:
		return fmt.Errorf("%s: others can read it, or the group can write it (mode %04o); run: chmod 640 %[1]s, or 600", name, mode)
	case !ok || handedOver(name):
		return nil
	case system.Uid != 0 && int(system.Uid) != os.Geteuid():
		return fmt.Errorf("%s: belongs to another user, who can read it; run: chown root %[1]s", name)
	case mode&0o040 != 0 && !ourGroup(int(system.Gid)):
		return fmt.Errorf("%s: a group can read it in which the service is not (mode %04o); run: chmod 600 %[1]s", name, mode)
	}
	return nil
}

func handedOver(name string) bool {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	return dir != "" && filepath.Dir(name) == filepath.Clean(dir)
}

func ourGroup(gid int) bool {
	groups, err := os.Getgroups()
	return gid == os.Getegid() || err == nil && slices.Contains(groups, gid)
}
