// Prints the names of the cases whose chain Go accepts: go run judge.go FOLDER
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

var uses = map[string]x509.ExtKeyUsage{
	"server": x509.ExtKeyUsageServerAuth,
	"device": x509.ExtKeyUsageClientAuth,
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func chain(path string) (found []*x509.Certificate) {
	rest := must(os.ReadFile(path))
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return
		}
		if parsed, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, parsed) // what it cannot even read it does not accept
		}
	}
}

func pool(all []*x509.Certificate) *x509.CertPool {
	made := x509.NewCertPool()
	for _, each := range all {
		made.AddCert(each)
	}
	return made
}

func main() {
	for _, folder := range must(filepath.Glob(filepath.Join(os.Args[1], "*"))) {
		shown := chain(filepath.Join(folder, "chain.pem"))
		use := string(must(os.ReadFile(filepath.Join(folder, "use"))))
		if len(shown) == 0 {
			continue
		}
		_, err := shown[0].Verify(x509.VerifyOptions{
			Roots:         pool(chain(filepath.Join(folder, "ca.pem"))),
			Intermediates: pool(shown[1:]),
			KeyUsages:     []x509.ExtKeyUsage{uses[use]},
		})
		if err == nil {
			fmt.Println(filepath.Base(folder))
		}
	}
}
