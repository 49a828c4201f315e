package idp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// A browser fills in every form that it receives with one user's name and password,
// until it is redirected to the client.
type browser struct {
	who  Login
	http *http.Client
}

func newBrowser(l Login) *browser {
	jar, _ := cookiejar.New(nil) // never fails
	back := func(req *http.Request, via []*http.Request) error {
		if strings.HasPrefix(req.URL.String(), l.Redirect) || len(via) == 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &browser{l, &http.Client{Transport: wire, Jar: jar, CheckRedirect: back, Timeout: time.Minute}}
}

// open starts at page and returns the parameters of the redirect to the client.
func (b *browser) open(ctx context.Context, page string) (url.Values, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, err
	}
	for range 4 { // login, consent, and what else a server may ask
		res, err := b.http.Do(req)
		if err != nil {
			return nil, err
		}
		if back, err := res.Location(); err == nil {
			res.Body.Close()
			return back.Query(), nil
		}
		if req, err = b.submit(ctx, res); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the password is not accepted, or the questions do not end")
}

// submit returns the request of the form in res, filled in.
func (b *browser) submit(ctx context.Context, res *http.Response) (*http.Request, error) {
	text, form, err := readForm(res)
	if err != nil {
		return nil, err
	}
	if form == nil {
		return nil, fmt.Errorf("%s shows no form: %s: %s", res.Request.URL, res.Status, text)
	}
	action, err := res.Request.URL.Parse(attr(form, "action"))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(b.fill(form).Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, err
}

// readForm reads a page, and returns its first form; nil if there is none.
func readForm(res *http.Response) (text string, form *html.Node, err error) {
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		return "", nil, err
	}
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return "", nil, err
	}
	return string(page), find(doc, "form"), nil
}

// fill returns the fields of form with the user's values.
func (b *browser) fill(form *html.Node) url.Values {
	fields := url.Values{}
	for n := range form.Descendants() {
		if n.Data != "input" {
			continue
		}
		switch name := attr(n, "name"); name {
		case "":
		case "username", "login":
			fields.Set(name, b.who.User)
		case "password":
			fields.Set(name, b.who.Password)
		default:
			fields.Set(name, attr(n, "value"))
		}
	}
	return fields
}

func find(n *html.Node, tag string) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag {
			return d
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
