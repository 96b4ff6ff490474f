// The Go client library of OpenBao, unchanged, does what applications and the Agent do with it.
//
// It takes address, token and certificate from the usual environment, and ends with status 0 if all went as expected.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/openbao/openbao/api/v2"
)

func main() {
	client, err := api.NewClient(api.DefaultConfig())
	if err == nil {
		err = run(context.Background(), client)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, client *api.Client) error {
	steps := []struct {
		name string
		do   func(context.Context, *api.Client) error
	}{
		{"health", health}, {"kv2", kv2}, {"kv1", kv1}, {"tokens", tokens}, {"wrapping", wrapping},
		{"approle", appRole}, {"transit", transit}, {"errors", refusals},
	}
	for _, step := range steps {
		if err := step.do(ctx, client); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Println(step.name)
	}
	return nil
}

func expect(what string, got, wanted any) error {
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		return fmt.Errorf("%s: %v instead of %v", what, got, wanted)
	}
	return nil
}

func health(ctx context.Context, client *api.Client) error {
	told, err := client.Sys().HealthWithContext(ctx)
	if err != nil {
		return err
	}
	seal, err := client.Sys().SealStatusWithContext(ctx)
	if err != nil {
		return err
	}
	return errors.Join(expect("initialized", told.Initialized, true), expect("sealed", seal.Sealed, false))
}

func kv2(ctx context.Context, client *api.Client) error {
	kv := client.KVv2("secret")
	if _, err := kv.Put(ctx, "go/a", map[string]any{"user": "ada", "n": 1}, api.WithCheckAndSet(0)); err != nil {
		return err
	}
	if _, err := kv.Patch(ctx, "go/a", map[string]any{"n": 2}); err != nil {
		return err
	}
	second, err := kv.Get(ctx, "go/a")
	if err != nil {
		return err
	}
	first, err := kv.GetVersion(ctx, "go/a", 1)
	if err != nil {
		return err
	}
	if err := kv.Delete(ctx, "go/a"); err != nil {
		return err
	}
	if err := kv.Undelete(ctx, "go/a", []int{2}); err != nil {
		return err
	}
	rolled, err := kv.Rollback(ctx, "go/a", 1)
	if err != nil {
		return err
	}
	versions, err := kv.GetVersionsAsList(ctx, "go/a")
	if err != nil {
		return err
	}
	return errors.Join(
		expect("patched", second.Data["n"], 2), expect("kept", second.Data["user"], "ada"),
		expect("first", first.Data["n"], 1), expect("rolled back", rolled.VersionMetadata.Version, 3),
		expect("versions", len(versions), 3), kv.Destroy(ctx, "go/a", []int{1}), kv.DeleteMetadata(ctx, "go/a"),
	)
}

func kv1(ctx context.Context, client *api.Client) error {
	if err := client.Sys().MountWithContext(ctx, "go-one", &api.MountInput{Type: "kv"}); err != nil {
		return err
	}
	kv := client.KVv1("go-one")
	if err := kv.Put(ctx, "a", map[string]any{"x": "1"}); err != nil {
		return err
	}
	found, err := kv.Get(ctx, "a")
	if err != nil {
		return err
	}
	return errors.Join(expect("value", found.Data["x"], "1"), client.Sys().UnmountWithContext(ctx, "go-one"))
}

func tokens(ctx context.Context, client *api.Client) error {
	renewable := true
	made, err := client.Auth().Token().CreateWithContext(
		ctx, &api.TokenCreateRequest{TTL: "1h", Renewable: &renewable, Policies: []string{"default"}},
	)
	if err != nil {
		return err
	}
	child, err := client.Clone()
	if err != nil {
		return err
	}
	child.SetToken(made.Auth.ClientToken)
	watched, err := child.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: made, Increment: 7200})
	if err != nil {
		return err
	}
	go watched.Start()
	defer watched.Stop()
	select {
	case renewal := <-watched.RenewCh():
		if err := expect("renewed", renewal.Secret.Auth.ClientToken, made.Auth.ClientToken); err != nil {
			return err
		}
	case err := <-watched.DoneCh():
		return fmt.Errorf("the watcher ended: %v", err)
	case <-time.After(20 * time.Second):
		return errors.New("no renewal came")
	}
	if err := child.Auth().Token().RevokeSelfWithContext(ctx, ""); err != nil {
		return err
	}
	if _, err := child.Auth().Token().LookupSelfWithContext(ctx); err == nil {
		return errors.New("a revoked token is taken")
	}
	return nil
}

func wrapping(ctx context.Context, client *api.Client) error {
	asking, err := client.Clone()
	if err != nil {
		return err
	}
	asking.SetToken(client.Token())
	asking.SetWrappingLookupFunc(func(string, string) string { return "5m" })
	wrapped, err := asking.Logical().WriteWithContext(ctx, "sys/wrapping/wrap", map[string]any{"a": "b"})
	if err != nil {
		return err
	}
	inside, err := client.Logical().UnwrapWithContext(ctx, wrapped.WrapInfo.Token)
	if err != nil {
		return err
	}
	if _, err := client.Logical().UnwrapWithContext(ctx, wrapped.WrapInfo.Token); err == nil {
		return errors.New("it was unwrapped twice")
	}
	return errors.Join(expect("inside", inside.Data["a"], "b"), expect("ttl", wrapped.WrapInfo.TTL, 300))
}

func appRole(ctx context.Context, client *api.Client) error {
	if err := client.Sys().EnableAuthWithOptionsWithContext(
		ctx, "go-approle", &api.EnableAuthOptions{Type: "approle"},
	); err != nil {
		return err
	}
	role := "auth/go-approle/role/ci"
	settings := map[string]any{"token_policies": "default", "token_ttl": "20m"}
	if _, err := client.Logical().WriteWithContext(ctx, role, settings); err != nil {
		return err
	}
	id, err := client.Logical().ReadWithContext(ctx, role+"/role-id")
	if err != nil {
		return err
	}
	secret, err := client.Logical().WriteWithContext(ctx, role+"/secret-id", nil)
	if err != nil {
		return err
	}
	entered, err := client.Logical().WriteWithContext(ctx, "auth/go-approle/login", map[string]any{
		"role_id": id.Data["role_id"], "secret_id": secret.Data["secret_id"],
	})
	if err != nil {
		return err
	}
	return errors.Join(
		expect("lease", entered.Auth.LeaseDuration, 1200), expect("role", entered.Auth.Metadata["role_name"], "ci"),
	)
}

func transit(ctx context.Context, client *api.Client) error {
	if _, err := client.Logical().WriteWithContext(ctx, "transit/keys/go", nil); err != nil {
		return err
	}
	sealed, err := client.Logical().WriteWithContext(
		ctx, "transit/encrypt/go", map[string]any{"plaintext": "aGVsbG8="},
	)
	if err != nil {
		return err
	}
	opened, err := client.Logical().WriteWithContext(
		ctx, "transit/decrypt/go", map[string]any{"ciphertext": sealed.Data["ciphertext"]},
	)
	if err != nil {
		return err
	}
	return expect("plaintext", opened.Data["plaintext"], "aGVsbG8=")
}

func refusals(ctx context.Context, client *api.Client) error {
	_, err := client.KVv2("secret").Get(ctx, "go/none")
	if !errors.Is(err, api.ErrSecretNotFound) {
		return fmt.Errorf("what is not there: %v", err)
	}
	_, err = client.Logical().ReadWithContext(ctx, "no/such/mount")
	var told *api.ResponseError
	if err != nil && (!errors.As(err, &told) || told.StatusCode != 404) {
		return fmt.Errorf("an unknown mount: %v", err)
	}
	return nil
}
