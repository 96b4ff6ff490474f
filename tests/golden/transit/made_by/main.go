package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"
)

type out struct {
	Name, Type, Backup string
	Ciphertexts        []string `json:",omitempty"`
	Signatures         []string `json:",omitempty"`
	HMACs              []string `json:",omitempty"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

var b64 = base64.StdEncoding.EncodeToString
var ctx = context.Background()
var storage = &logical.InmemStorage{}

func write() {
	lm, err := keysutil.NewLockManager(true, 0)
	must(err)
	kinds := map[string]keysutil.KeyType{"aes128-gcm96": keysutil.KeyType_AES128_GCM96, "aes256-gcm96": keysutil.KeyType_AES256_GCM96,
		"chacha20-poly1305": keysutil.KeyType_ChaCha20_Poly1305, "ed25519": keysutil.KeyType_ED25519, "ecdsa-p256": keysutil.KeyType_ECDSA_P256,
		"ecdsa-p384": keysutil.KeyType_ECDSA_P384, "ecdsa-p521": keysutil.KeyType_ECDSA_P521, "rsa-2048": keysutil.KeyType_RSA2048, "hmac": keysutil.KeyType_HMAC}
	var outs []out
	for _, form := range []string{"", "-derived", "-convergent"} {
		for name, kind := range kinds {
			if form != "" && !kind.DerivationSupported() || form == "-convergent" && kind == keysutil.KeyType_ED25519 {
				continue
			}
			req := keysutil.PolicyRequest{Upsert: true, Storage: storage, Name: name + form, KeyType: kind, Derived: form != "", Convergent: form == "-convergent", Exportable: true, AllowPlaintextBackup: true}
			if kind == keysutil.KeyType_HMAC {
				req.KeySize = 48
			}
			p, _, err := lm.GetPolicy(ctx, req, rand.Reader)
			must(err)
			p.Lock(true)
			must(p.Rotate(ctx, storage, rand.Reader))
			must(p.Rotate(ctx, storage, rand.Reader))
			p.MinDecryptionVersion = 2
			must(p.Persist(ctx, storage))
			var c []byte
			if form != "" {
				c = []byte("customer 42")
			}
			o := out{Name: name + form, Type: name}
			for v := 2; v <= 3; v++ {
				if kind.EncryptionSupported() {
					ct, err := p.Encrypt(v, c, nil, b64([]byte("from OpenBao")))
					must(err)
					o.Ciphertexts = append(o.Ciphertexts, ct)
				}
				if kind.SigningSupported() {
					input := []byte("from OpenBao")
					if kind.HashSignatureInput() {
						h := keysutil.HashFuncMap[keysutil.HashTypeSHA2256]()
						h.Write(input)
						input = h.Sum(nil)
					}
					s, err := p.SignWithOptions(v, c, input, &keysutil.SigningOptions{HashAlgorithm: keysutil.HashTypeSHA2256, Marshaling: keysutil.MarshalingTypeASN1, SaltLength: rsa.PSSSaltLengthAuto, SigAlgorithm: "pss"})
					must(err)
					o.Signatures = append(o.Signatures, s.Signature)
				}
			}
			o.Backup, err = p.Backup(ctx, storage)
			must(err)
			p.Unlock()
			outs = append(outs, o)
		}
	}
	j, _ := json.MarshalIndent(outs, "", " ")
	fmt.Println(string(j))
}

type in struct {
	Name, Backup, Ciphertext, Signature, Context string
	Hash                                         bool
}

func read(path string) {
	data, err := os.ReadFile(path)
	must(err)
	var ins []in
	must(json.Unmarshal(data, &ins))
	lm, err := keysutil.NewLockManager(true, 0)
	must(err)
	for _, i := range ins {
		must(lm.RestorePolicy(ctx, storage, i.Name, i.Backup, false))
		p, _, err := lm.GetPolicy(ctx, keysutil.PolicyRequest{Storage: storage, Name: i.Name}, rand.Reader)
		must(err)
		var c []byte
		if i.Context != "" {
			c = []byte(i.Context)
		}
		if i.Ciphertext != "" {
			pt, err := p.Decrypt(c, nil, i.Ciphertext)
			fmt.Println(i.Name, "decrypt", pt, err)
		}
		if i.Signature != "" {
			input := []byte("from trstctl")
			if i.Hash {
				h := keysutil.HashFuncMap[keysutil.HashTypeSHA2256]()
				h.Write(input)
				input = h.Sum(nil)
			}
			ok, err := p.VerifySignatureWithOptions(c, input, i.Signature, &keysutil.SigningOptions{HashAlgorithm: keysutil.HashTypeSHA2256, Marshaling: keysutil.MarshalingTypeASN1, SaltLength: rsa.PSSSaltLengthAuto, SigAlgorithm: "pss"})
			fmt.Println(i.Name, "verify", ok, err)
		}
		p.Lock(true)
		must(p.Rotate(ctx, storage, rand.Reader))
		p.Unlock()
	}
}

func main() {
	if len(os.Args) > 1 {
		read(os.Args[1])
	} else {
		write()
	}
}
