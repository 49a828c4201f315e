package browser

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// TestPictureKeepsItsFrequentColours shows that a picture of many colours gets a palette, in
// which its background and its text are what they were.
func TestPictureKeepsItsFrequentColours(t *testing.T) {
	paper, ink := color.RGBA{250, 250, 248, 255}, color.RGBA{20, 30, 40, 255}
	before := image.NewRGBA(image.Rect(0, 0, 100, 100))
	for i := range 100 * 100 {
		x, y := i%100, i/100
		switch {
		case y < 60:
			before.Set(x, y, paper)
		case y < 90:
			before.Set(x, y, ink)
		default:
			before.Set(x, y, color.RGBA{uint8(i), uint8(i >> 8), 7, 255})
		}
	}
	var data bytes.Buffer
	if err := png.Encode(&data, before); err != nil {
		t.Fatal(err)
	}
	small, err := inFewColours(data.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	after, err := png.Decode(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	palette, ok := after.(*image.Paletted)
	if !ok || len(palette.Palette) > 256 {
		t.Fatalf("the picture is %T, want one with at most 256 colours", after)
	}
	if palette.At(3, 3) != paper || palette.At(3, 70) != ink {
		t.Errorf("got %v and %v, want %v and %v", palette.At(3, 3), palette.At(3, 70), paper, ink)
	}
	if _, err := inFewColours([]byte("no picture")); err == nil {
		t.Error("what is no picture has no error")
	}
}
