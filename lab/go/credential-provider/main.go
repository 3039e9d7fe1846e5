// Command credential-provider is a credential provider of the kubelet: it signs short-lived tokens for the registry that
// it is asked for. The key lies beside it. Each flag that is not a lifetime is a way to fail.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const api = "credentialprovider.kubelet.k8s.io/v1"

func main() {
	lifetime := flag.Duration("lifetime", time.Minute, "how long a token is good")
	fail := flag.Bool("fail", false, "exit with code 1")
	hang := flag.Bool("hang", false, "never answer")
	rubbish := flag.Bool("rubbish", false, "answer no JSON")
	other := flag.String("other", "", "answer for this registry instead")
	flag.Parse()
	if *hang {
		time.Sleep(time.Hour)
	}
	if *rubbish {
		fmt.Println("rubbish")
		return
	}
	if *fail {
		end("the metadata service does not answer")
	}
	var request struct{ Kind, APIVersion, Image string }
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		end(err.Error())
	}
	if request.Kind != "CredentialProviderRequest" || request.APIVersion != api {
		end("this is no request")
	}
	registry, _, _ := strings.Cut(request.Image, "/")
	if *other != "" {
		registry = *other
	}
	answer := map[string]any{
		"kind": "CredentialProviderResponse", "apiVersion": api, "cacheKeyType": "Registry", "cacheDuration": "0s",
		"auth": map[string]any{registry: map[string]string{"username": "token", "password": token(*lifetime)}},
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		end(err.Error())
	}
}

func token(lifetime time.Duration) string {
	program, err := os.Executable()
	if err != nil {
		end(err.Error())
	}
	key, err := os.ReadFile(filepath.Join(filepath.Dir(program), "key"))
	if err != nil {
		end(err.Error())
	}
	expiry := fmt.Sprint(time.Now().Add(lifetime).Unix())
	signature := hmac.New(sha256.New, key)
	signature.Write([]byte(expiry))
	return expiry + "." + hex.EncodeToString(signature.Sum(nil))
}

func end(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
