module made_by

go 1.25

require github.com/hashicorp/vault/sdk v0.18.0
