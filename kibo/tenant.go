package kibo

import (
	"net/http"
	"slices"
	"strconv"
)

// Tenant is what clients learn about where to send their requests. Without an ID there is none.
type Tenant struct {
	ID int
	// Domain is the host, and the port if it is not 443, at which clients reach the server with
	// HTTPS.
	Domain string
	// Sites are the ids of the tenant's sites.
	Sites []int
}

type tenantAnswer struct {
	ID             int          `json:"id"`
	Name           string       `json:"name"`
	Domain         string       `json:"domain"`
	Sites          []siteAnswer `json:"sites"`
	MasterCatalogs []struct{}   `json:"masterCatalogs"`
}

type siteAnswer struct {
	ID       int    `json:"id"`
	SiteID   int    `json:"siteId"`
	TenantID int    `json:"tenantId"`
	Name     string `json:"name"`
	Domain   string `json:"domain"`
}

// tenant describes the tenant to an application.
func (h *Handler) tenant(w http.ResponseWriter, r *http.Request) {
	caller := h.callerOf(w, r)
	if caller == nil {
		return
	}
	if err := h.settings.Applications.Check(caller); err != nil {
		h.fail(w, r, err)
		return
	}

	tenant := h.settings.Tenant
	name := strconv.Itoa(tenant.ID)
	if tenant.ID == 0 || r.PathValue("tenant") != name {
		refuse(w, refusal{http.StatusNotFound, codeNotFound}, "There is no such tenant.", nil)
		return
	}

	described := tenantAnswer{
		ID:             tenant.ID,
		Name:           name,
		Domain:         tenant.Domain,
		Sites:          []siteAnswer{},
		MasterCatalogs: []struct{}{},
	}
	for _, site := range slices.Sorted(slices.Values(tenant.Sites)) {
		described.Sites = append(described.Sites, siteAnswer{
			ID:       site,
			SiteID:   site,
			TenantID: tenant.ID,
			Name:     strconv.Itoa(site),
			Domain:   tenant.Domain,
		})
	}
	answer(w, http.StatusOK, described)
}
