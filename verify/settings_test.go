package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/verify"
)

func TestNewReportsAllFaults(t *testing.T) {
	t.Parallel()

	_, err := verify.New(verify.Settings{
		Server:            "ftp://x",
		Secret:            func() string { return "s3cret" },
		IntrospectionAge:  time.Hour,
		MaxIntrospections: -1,
		FeedInterval:      1,
		MaxFeedAge:        time.Second,
		Leeway:            -1,
	})
	if err == nil {
		t.Fatal("no fault was found")
	}

	for _, setting := range []string{
		"Issuer", "Audience", "Server", "Application and Secret", "IntrospectionAge", "MaxIntrospections",
		"FeedInterval", "MaxFeedAge", "Leeway",
	} {
		if !strings.Contains(err.Error(), setting) {
			t.Errorf("%s is missing in: %v", setting, err)
		}
	}

	for issuer, good := range map[string]bool{
		"https://tickets.shop.example": true, "https://tickets.shop.example/": true,
		"https://shop.example/tickets": true, "https://shop.example:8443": true,
		"http://127.0.0.1:8080": true, "http://localhost:8080": true, "http://[::1]": true,
		"http://tickets.shop.example": false, "http://localhost.shop.example": false, "tickets.shop.example": false,
		"https://": false, "file:///etc": false,
		"https://user:password@shop.example": false, "https://shop.example?": false, "https://shop.example#": false,
		"https://shop.example/%zz": false,
	} {
		if _, err := verify.New(verify.Settings{Issuer: issuer, Audience: audience}); (err == nil) != good {
			t.Errorf("%s: %v", issuer, err)
		} else if err != nil && strings.Contains(err.Error(), "password") {
			t.Errorf("the error quotes the URL: %v", err)
		}
	}

	inside := verify.Settings{Issuer: issuerURL, Server: "http://authtickets:8080", Audience: audience}
	if _, err := verify.New(inside); err != nil {
		t.Error(err)
	}
}
