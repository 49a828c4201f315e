package logout_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestRequestsAreReadStrictly shows which requests are no logout, whatever they bring.
func TestRequestsAreReadStrictly(t *testing.T) {
	o := newOffice(t, company(t))
	token := url.QueryEscape(o.token(statement(nil)))
	for name, row := range map[string]struct {
		contentType, body string
		want              int
	}{
		"no token":              {form, "", 400},
		"an empty token":        {form, "logout_token=", 400},
		"two tokens":            {form, "logout_token=" + token + "&logout_token=" + token, 400},
		"another parameter":     {form, "token=" + token, 400},
		"another case":          {form, "Logout_Token=" + token, 400},
		"a broken form":         {form, "logout_token=%zz", 400},
		"a semicolon":           {form, "x=1;logout_token=" + token, 400},
		"JSON":                  {"application/json", `{"logout_token":"` + token + `"}`, 415},
		"a bare token":          {"application/logout+jwt", token, 415},
		"a file":                {"multipart/form-data; boundary=x", "--x--", 415},
		"no type":               {"", "logout_token=" + token, 415},
		"a broken type":         {form + "; =", "logout_token=" + token, 415},
		"1 MB":                  {form, "logout_token=" + token + "&x=" + strings.Repeat("x", 1<<20), 413},
		"1 MB of token":         {form, "logout_token=" + strings.Repeat("x", 1<<20), 413},
		"many parameters":       {form, strings.Repeat("x&", 40000), 413},
		"a token in an address": {form, "", 400},
	} {
		if got := post(t, o.receiver, row.contentType, row.body); got.status != row.want {
			t.Errorf("%s: %d, want %d", name, got.status, row.want)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions} {
		q := httptest.NewRequestWithContext(t.Context(), method, "/?logout_token="+token, nil)
		w := httptest.NewRecorder()
		o.receiver.ServeHTTP(w, q)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d, Allow %q, want 405", method, w.Code, w.Header().Get("Allow"))
		}
	}
	inAddress := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/?logout_token="+token, strings.NewReader(""))
	inAddress.Header.Set("Content-Type", form)
	if got := serve(t, o.receiver, inAddress); got.status != http.StatusBadRequest || len(o.ended.all) > 0 {
		t.Errorf("a token in the address: %d, told of %+v", got.status, o.ended.all)
	}
	if got := post(t, o.receiver, form+"; charset=utf-8", "x=1&logout_token="+token); got.status != http.StatusOK {
		t.Errorf("with another parameter: %d\n%s", got.status, &o.log)
	}
}

// FuzzRequest shows that nothing follows from any body but one with a logout token that
// the issuer has signed for this client. A token may name a key that is not known yet: that
// is an answer of 503.
func FuzzRequest(f *testing.F) {
	o := newOffice(f, company(f))
	foreign := o.token(changed("aud", "other"))
	f.Add(form, "logout_token="+foreign)
	f.Add(form, "logout_token="+foreign+"&logout_token="+foreign)
	f.Add(form, "logout_token=%zz;x&&=")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"logout_token\"\r\n\r\n"+foreign+"\r\n--x--")
	f.Add(form, "logout_token=eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		got := post(t, o.receiver, contentType, body)
		if (got.status < 400 || got.status >= 500) && got.status != http.StatusServiceUnavailable || len(o.ended.all) > 0 {
			t.Errorf("%q as %q: %d, told of %+v", body, contentType, got.status, o.ended.all)
		}
	})
}
