package seal

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/tink-crypto/tink-go-awskms/v3/integration/awskms"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/authtickets/authtickets/timing"
)

const awsScheme = "aws-kms://"

// ErrKMS is returned for the name of a master key that KMSMaster cannot read.
var ErrKMS = errors.New("must be a key file, or a key of AWS KMS: aws-kms://arn:aws:kms:REGION:ACCOUNT:key/ID")

var awsARN = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]+:(key|alias)/[A-Za-z0-9:/_-]+$`)

// KMSMaster returns the master key that a URI of AWS KMS names, or ErrKMS for any other text. The
// AWS SDK finds the credentials and, if configured, another endpoint. KMSMaster does not call the
// service yet.
func KMSMaster(ctx context.Context, uri string) (*Master, error) {
	arn, ok := strings.CutPrefix(uri, awsScheme)
	if !ok || !awsARN.MatchString(arn) {
		return nil, ErrKMS
	}

	aead, err := awskms.NewAEADWithContext(ctx, arn)
	if err != nil {
		return nil, fmt.Errorf("AWS KMS: %w", err)
	}
	return &Master{aead: service{aead}}, nil
}

// service is a key management service. It limits the time of calls and classifies errors.
type service struct{ tink.AEADWithContext }

// EncryptWithContext implements tink.AEADWithContext.
func (s service) EncryptWithContext(ctx context.Context, plain, associated []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timing.KMSTimeout)
	defer cancel()
	sealed, err := s.AEADWithContext.EncryptWithContext(ctx, plain, associated)
	return sealed, classify(err)
}

// DecryptWithContext implements tink.AEADWithContext.
func (s service) DecryptWithContext(ctx context.Context, sealed, associated []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timing.KMSTimeout)
	defer cancel()
	plain, err := s.AEADWithContext.DecryptWithContext(ctx, sealed, associated)
	return plain, classify(err)
}

// classify returns ErrMasterAway if the next try may succeed. It returns ErrMasterKey if another
// key encrypted the keyset. Any other error is a refusal.
func classify(err error) error {
	refusal, ok := errors.AsType[smithy.APIError](err)
	switch {
	case err == nil:
		return nil
	case !ok || isTemporary(err, refusal):
		return fmt.Errorf("%w: %w", ErrMasterAway, err)
	case slices.Contains([]string{"InvalidCiphertextException", "IncorrectKeyException"}, refusal.ErrorCode()):
		return fmt.Errorf("%w: %s", ErrMasterKey, refusal.ErrorCode())
	default:
		return fmt.Errorf("AWS KMS refuses it: %s: %s", refusal.ErrorCode(), refusal.ErrorMessage())
	}
}

// isTemporary reports whether the service may accept the same call next time.
func isTemporary(err error, refusal smithy.APIError) bool {
	answer, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok {
		return true
	}
	status := answer.HTTPStatusCode()
	return status >= 500 || status == 429 || strings.Contains(refusal.ErrorCode(), "Throttl")
}
