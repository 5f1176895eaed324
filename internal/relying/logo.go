package relying

import (
	"bytes"
	"fmt"
	"image/png"
)

// maxLogoSide is the width and the height of the largest logo taken, in pixels.
const maxLogoSide = 512

// checkLogo decodes the image whole, for a browser will. Its size is looked at first: a few bytes may claim to be an image
// that fills the memory.
func checkLogo(logo []byte, bad *problems) {
	size, err := png.DecodeConfig(bytes.NewReader(logo))
	switch {
	case len(logo) > MaxLogo:
		bad.add("logo", fmt.Sprintf("want at most %d bytes", MaxLogo))
	case err != nil:
		bad.add("logo", "want a PNG")
	case size.Width > maxLogoSide || size.Height > maxLogoSide:
		bad.add("logo", fmt.Sprintf("want at most %[1]d × %[1]d pixels", maxLogoSide))
	default:
		rest := bytes.NewReader(logo)
		if _, err := png.Decode(rest); err != nil || rest.Len() > 0 {
			bad.add("logo", "want a whole PNG and nothing after it")
		}
	}
}
