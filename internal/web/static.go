package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
)

//go:embed static
var staticFiles embed.FS

// asset is a static file with the hash of its content, which is part of its address: it can be cached for ever.
type asset struct {
	content []byte
	kind    string
	hash    string
}

var assets = readAssets()

func readAssets() map[string]asset {
	found := map[string]asset{}
	err := fs.WalkDir(staticFiles, "static", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(file)
		sum := sha256.Sum256(content)
		found[path.Base(file)] = asset{content, mime.TypeByExtension(path.Ext(file)), hex.EncodeToString(sum[:6])}
		return err
	})
	if err != nil {
		panic(err)
	}
	return found
}

func assetURL(name string) string { return "/static/" + assets[name].hash + "/" + name }

// serveAsset answers GET /static/{hash}/{name}.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.PathValue("name")]
	if !ok || a.hash != r.PathValue("hash") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.content)
}
