package accounts_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// contested is the number of accounts that several writers try to make at once.
const contested = 600

// writer is one of the writers.
type writer struct {
	name string
	// changesCase puts the names in capitals.
	changesCase bool
	// hasIDs gives external ids to the accounts.
	hasIDs bool
	// write tries to make an account for each number, and returns how many it made. For each of the
	// others, it calls refused with the reason.
	write func(w writer, numbers []int, refused func(error)) int
}

// customer returns the values of the account that the writer makes for a number.
func (w writer) customer(number int) values {
	name := fmt.Sprintf("user%d", number)
	if w.changesCase {
		name = strings.ToUpper(name)
	}

	customer := values{"userName": name, "emailAddress": name + "@example.com", "firstName": w.name}
	if w.hasIDs {
		customer["externalId"] = fmt.Sprintf("%s-%d", w.name, number)
	}
	return customer
}

// importAll imports a file.
func (b *book) importAll(w writer, numbers []int, refused func(error)) int {
	var text strings.Builder
	for _, number := range numbers {
		customer := w.customer(number)
		fmt.Fprintf(&text, `{"externalId":%q,"userName":%q,"emailAddress":%q,"firstName":%q}`+"\n",
			customer["externalId"], customer["userName"], customer["emailAddress"], customer["firstName"])
	}

	counts, err := b.Import(b.t.Context(), access.Operator(), strings.NewReader(text.String()), accounts.ImportOptions{
		Refused:  func(_ int, reason error) { refused(reason) },
		Progress: func(accounts.Counts) {},
	})
	if err != nil || counts.Updated+counts.Unchanged > 0 {
		b.t.Errorf("%s: %+v, %v", w.name, counts, err)
	}
	return counts.Created
}

// createAll creates one account after the other.
func (b *book) createAll(w writer, numbers []int, refused func(error)) int {
	return each(w, numbers, refused, func(number int) error {
		_, err := b.Create(b.t.Context(), access.Operator(), w.customer(number).record(b.t))
		return err
	})
}

// renameAll makes other accounts and renames them.
func (b *book) renameAll(w writer, numbers []int, refused func(error)) int {
	return each(w, numbers, refused, func(number int) error {
		another := values{"userName": fmt.Sprintf("other%d", number)}
		other, err := b.Create(b.t.Context(), access.Operator(), another.record(b.t))
		if err != nil {
			b.t.Errorf("%s: %v", w.name, err)
			return err
		}

		_, err = b.Update(b.t.Context(), access.Operator(), accounts.Key{ID: other.ID}, w.customer(number).record(b.t))
		return err
	})
}

func each(w writer, numbers []int, refused func(error), do func(number int) error) (done int) {
	for _, number := range numbers {
		if err := do(number); err != nil {
			refused(err)
		} else {
			done++
		}
	}
	return done
}

// Only one of several concurrent writers gets a name. The others get an error, and nothing of
// theirs is written.
func TestWritersAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		writers := []writer{
			{"first file", false, true, b.importAll},
			{"second file", true, true, b.importAll},
			{"third file", false, true, b.importAll},
			{"sign-up", true, false, b.createAll},
			{"backend", false, true, b.createAll},
			{"rename", true, true, b.renameAll},
		}
		var (
			wait    sync.WaitGroup
			mutex   sync.Mutex
			made    int
			reasons = map[string]int{}
		)
		for _, w := range writers {
			wait.Go(func() {
				count := w.write(w, rand.Perm(contested), func(reason error) {
					mutex.Lock()
					defer mutex.Unlock()

					reasons[reason.Error()]++
					if _, ok := errors.AsType[accounts.RefusedError](reason); !ok {
						t.Errorf("%s: %v", w.name, reason)
					}
				})

				mutex.Lock()
				defer mutex.Unlock()
				made += count
			})
		}
		wait.Wait()

		if made != contested {
			t.Errorf("%d accounts were made instead of %d; refused: %v", made, contested, reasons)
		}
		for number := range contested {
			name := fmt.Sprintf("user%d", number)
			if account := b.find(name); account == nil || !ofOne(writers, account, number) {
				t.Errorf("account %d: %v", number, b.dump(name))
			}
		}
	})
}

// ofOne reports whether a single writer has written the whole account.
func ofOne(writers []writer, account *models.CustomerAccount, number int) bool {
	for _, w := range writers {
		if w.name != *account.FirstName {
			continue
		}

		want := w.customer(number)
		externalID, _ := want["externalId"].(string)
		return *account.UserName == want["userName"] && *account.EmailAddress == want["emailAddress"] &&
			strings.TrimPrefix(plain(account.ExternalID), "-") == externalID
	}
	return false
}
