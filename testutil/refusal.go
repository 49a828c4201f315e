package testutil

import "net/http"

// refusal is an error response (RFC 6749, section 5.2).
type refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func refuse(code, description string) *refusal {
	return &refusal{Code: code, Description: description}
}

func (r *refusal) write(w http.ResponseWriter) {
	status := http.StatusBadRequest
	if r.Code == "invalid_client" {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", "Basic")
	}
	writeJSON(w, status, r)
}
