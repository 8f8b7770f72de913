package kibo

import (
	"net/http"
	"strconv"

	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// applicationName is the name of this server in errors.
const applicationName = "authtickets"

// The error codes that clients can meet.
const (
	codeInvalid      = "MISSING_OR_INVALID_PARAMETER"
	codeCredentials  = "INVALID_CREDENTIALS"
	codeUnauthorized = "UNAUTHORIZED"
	codeForbidden    = "FORBIDDEN"
	codeLocked       = "ACCOUNT_LOCKED"
	codeInactive     = "ACCOUNT_INACTIVE"
	codeNotFound     = "ITEM_NOT_FOUND"
	codeBusy         = "TOO_MANY_REQUESTS"
	codeUnavailable  = "SERVICE_UNAVAILABLE"
	codeInternal     = "SERVER_ERROR"
	codeMethod       = "METHOD_NOT_ALLOWED"
	codeUnsupported  = "NOT_SUPPORTED"
)

// refusal is the status and the error code of a failure.
type refusal struct {
	status    int
	errorCode string
}

// refusals has a row for each reason. A reason without a row is a SERVER_ERROR.
//
// Every token and session that is over has the status 401, so that a client asks for a new ticket.
// A wrong password has 400: after 401, Kibo's clients send the same request again.
var refusals = map[models.Reason]refusal{ //nolint:gochecknoglobals // constant
	models.ReasonRequestInvalid:      {http.StatusBadRequest, codeInvalid},
	models.ReasonLimitExceeded:       {http.StatusBadRequest, codeInvalid},
	models.ReasonUsernameInvalid:     {http.StatusBadRequest, codeInvalid},
	models.ReasonPasswordInvalid:     {http.StatusBadRequest, codeInvalid},
	models.ReasonAttemptInvalid:      {http.StatusBadRequest, codeInvalid},
	models.ReasonAccountInvalid:      {http.StatusBadRequest, codeInvalid},
	models.ReasonInvalidCredentials:  {http.StatusBadRequest, codeCredentials},
	models.ReasonAccountLocked:       {http.StatusForbidden, codeLocked},
	models.ReasonAccountInactive:     {http.StatusForbidden, codeInactive},
	models.ReasonAccountNotFound:     {http.StatusNotFound, codeNotFound},
	models.ReasonAccountDeleted:      {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonTokenMissing:        {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonTokenInvalid:        {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonTokenExpired:        {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonTokenReused:         {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonSignedIn:            {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonSignedOut:           {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonSignedOutEverywhere: {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonSessionEnded:        {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonSessionReplaced:     {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonTooManySessions:     {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonEndedByOperator:     {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonPasswordChanged:     {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonApplicationMissing:  {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonApplicationInvalid:  {http.StatusUnauthorized, codeUnauthorized},
	models.ReasonApplicationDisabled: {http.StatusForbidden, codeForbidden},
	models.ReasonOriginNotAllowed:    {http.StatusForbidden, codeForbidden},
	models.ReasonBehaviorMissing:     {http.StatusForbidden, codeForbidden},
	models.ReasonNotAllowed:          {http.StatusForbidden, codeForbidden},
	models.ReasonDocumentNotTrusted:  {http.StatusForbidden, codeForbidden},
	models.ReasonTooManyAttempts:     {http.StatusTooManyRequests, codeBusy},
	models.ReasonBusy:                {http.StatusServiceUnavailable, codeUnavailable},
	models.ReasonTimedOut:            {http.StatusServiceUnavailable, codeUnavailable},
	models.ReasonInternal:            {http.StatusInternalServerError, codeInternal},
}

// errorAnswer is an error in the shape of Kibo's APIs.
type errorAnswer struct {
	ApplicationName     string      `json:"applicationName"`
	ErrorCode           string      `json:"errorCode"`
	Message             string      `json:"message"`
	CorrelationID       string      `json:"correlationId"`
	Items               []errorItem `json:"items"`
	AdditionalErrorData []errorData `json:"additionalErrorData"`
}

type errorItem struct {
	ApplicationName     string      `json:"applicationName"`
	ErrorCode           string      `json:"errorCode"`
	Message             string      `json:"message"`
	AdditionalErrorData []errorData `json:"additionalErrorData"`
}

// errorData is one more thing that a client can read in an error.
type errorData struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// fail answers an error of the domain.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	found := problem.Of(err)
	if found.Reason == models.ReasonOriginNotAllowed {
		h.settings.Callers.LogOrigin(r)
	}
	if found.Reason == models.ReasonInternal {
		h.settings.Log.ErrorContext(r.Context(), "request failed", "error", err)
	}
	if found.Reason == models.ReasonBusy || found.Reason == models.ReasonTimedOut {
		h.settings.Log.WarnContext(r.Context(), "operation put off", "reason", found.Reason, "cause", err)
	}
	refuseProblem(w, found)
}

// refuseProblem answers a problem that has a reason.
func refuseProblem(w http.ResponseWriter, found problem.Problem) {
	if found.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(found.RetryAfterSeconds))
	}
	refuse(w, refusalOf(found.Reason), found.Message, dataOf(found))
}

// refuseInput answers REQUEST_INVALID with a message of its own. The message must not repeat what
// the client sent.
func refuseInput(w http.ResponseWriter, message string) {
	found := problem.Of(&models.Error{Reason: models.ReasonRequestInvalid})
	found.Message = message
	refuseProblem(w, found)
}

// Response is an error as the REST resources answer it. In GraphQL, clients read it in an
// extension.
type Response struct {
	Status int         `json:"status"`
	Body   errorAnswer `json:"body"`
}

// ResponseOf returns how the REST resources answer a problem.
func ResponseOf(found problem.Problem, requestID string) Response {
	row := refusalOf(found.Reason)
	return Response{row.status, answerOf(row, found.Message, dataOf(found), requestID)}
}

func refusalOf(reason models.Reason) refusal {
	if row, ok := refusals[reason]; ok {
		return row
	}
	return refusals[models.ReasonInternal]
}

// dataOf returns what else clients can read about a problem.
func dataOf(found problem.Problem) []errorData {
	data := []errorData{{"reason", string(found.Reason)}}
	if found.NextStep != "" {
		data = append(data, errorData{"nextStep", string(found.NextStep)})
	}
	if found.RetryAfterSeconds > 0 {
		data = append(data, errorData{"retryAfterSeconds", strconv.Itoa(found.RetryAfterSeconds)})
	}
	return data
}

// refuse answers an error. Its message must not repeat what the client sent.
func refuse(w http.ResponseWriter, row refusal, message string, data []errorData) {
	if data == nil {
		data = []errorData{}
	}
	if row.status == http.StatusUnauthorized { // RFC 9110 section 15.5.2
		w.Header().Set("WWW-Authenticate", `Bearer realm="authtickets"`)
	}
	answer(w, row.status, answerOf(row, message, data, w.Header().Get(inbound.RequestIDHeader)))
}

func answerOf(row refusal, message string, data []errorData, requestID string) errorAnswer {
	return errorAnswer{
		ApplicationName: applicationName,
		ErrorCode:       row.errorCode,
		Message:         message,
		CorrelationID:   requestID,
		Items: []errorItem{{
			ApplicationName:     applicationName,
			ErrorCode:           row.errorCode,
			Message:             message,
			AdditionalErrorData: data,
		}},
		AdditionalErrorData: data,
	}
}
