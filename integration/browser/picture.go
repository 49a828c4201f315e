package browser

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/chromedp"
)

// maxPicture is how large a picture of the front page may be, in bytes.
const maxPicture = 60 << 10

var update = flag.Bool("update", false, "write the pictures of the front page into docs/")

// Picture draws what a window of this width and height, in CSS pixels, shows of the top of
// the page, as name.png for the front page. It reports a picture that is too large.
func (p *Page) Picture(name string, width, height int64) {
	p.t.Helper()
	p.do("has another size", chromedp.EmulateViewport(width, height))
	p.do("is at its top", chromedp.Evaluate[chromedp.Void](`scrollTo(0, 0)`))
	picture, err := inFewColours(get(p, "is drawn", chromedp.CaptureScreenshot()))
	if err != nil {
		p.t.Fatalf("browser: %s: %v", name, err)
	}
	if len(picture) > maxPicture {
		p.t.Errorf("browser: %s.png has %d bytes, want at most %d", name, len(picture), maxPicture)
	}
	dir := p.t.ArtifactDir()
	if *update {
		dir = filepath.Join("..", "..", "docs")
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.t.Errorf("browser: %v", err)
	}
}

// inFewColours returns a PNG with the 256 colours that are most frequent in another one. A
// page of text has few others: they are between two of these.
func inFewColours(data []byte) ([]byte, error) {
	all, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	count := map[color.Color]int{}
	area := all.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			count[all.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	few := image.NewPaletted(area, colours[:min(len(colours), 256)])
	draw.Draw(few, area, all, area.Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}
