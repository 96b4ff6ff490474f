# What people keep of Vault in Terraform, as far as it is served. `turn` changes some of it.
terraform {
  required_providers {
    vault = { source = "hashicorp/vault" }
  }
}

provider "vault" {}

variable "turn" { default = 1 }

resource "vault_mount" "two" {
  path        = "tf-two"
  type        = "kv"
  options     = { version = "2" }
  description = "turn ${var.turn}"
}

resource "vault_kv_secret_backend_v2" "two" {
  mount        = vault_mount.two.path
  max_versions = 4 + var.turn
}

resource "vault_kv_secret_v2" "app" {
  mount               = vault_mount.two.path
  name                = "app/db"
  delete_all_versions = true
  data_json           = jsonencode({ password = "p${var.turn}", port = 5432 })
  custom_metadata {
    max_versions = 4
    data         = { team = "payments" }
  }
}

data "vault_kv_secret_v2" "app" {
  mount = vault_mount.two.path
  name  = vault_kv_secret_v2.app.name
}

resource "vault_mount" "one" {
  path    = "tf-one"
  type    = "kv"
  options = { version = "1" }
}

resource "vault_kv_secret" "app" {
  path      = "${vault_mount.one.path}/app"
  data_json = jsonencode({ turn = tostring(var.turn) })
}

resource "vault_mount" "transit" {
  path = "tf-transit"
  type = "transit"
}

resource "vault_transit_secret_backend_key" "orders" {
  backend            = vault_mount.transit.path
  name               = "orders"
  deletion_allowed   = true
  auto_rotate_period = 86400 * var.turn
}

data "vault_transit_encrypt" "text" {
  backend   = vault_mount.transit.path
  key       = vault_transit_secret_backend_key.orders.name
  plaintext = "for orders alone"
}

data "vault_transit_decrypt" "text" {
  backend    = vault_mount.transit.path
  key        = vault_transit_secret_backend_key.orders.name
  ciphertext = data.vault_transit_encrypt.text.ciphertext
}

data "vault_policy_document" "app" {
  rule {
    path         = "${vault_mount.two.path}/data/app/*"
    capabilities = var.turn == 1 ? ["read"] : ["read", "update"]
  }
}

resource "vault_policy" "app" {
  name   = "tf-app"
  policy = data.vault_policy_document.app.hcl
}

resource "vault_auth_backend" "approle" {
  type = "approle"
  path = "tf-approle"
  tune {
    default_lease_ttl = "${var.turn}h"
    max_lease_ttl     = "24h"
  }
}

resource "vault_approle_auth_backend_role" "app" {
  backend        = vault_auth_backend.approle.path
  role_name      = "app"
  token_policies = [vault_policy.app.name]
  token_ttl      = 600 * var.turn
}

resource "vault_approle_auth_backend_role_secret_id" "app" {
  backend   = vault_auth_backend.approle.path
  role_name = vault_approle_auth_backend_role.app.role_name
}

resource "vault_approle_auth_backend_role_secret_id" "wrapped" {
  backend      = vault_auth_backend.approle.path
  role_name    = vault_approle_auth_backend_role.app.role_name
  wrapping_ttl = "10m"
}

resource "vault_approle_auth_backend_login" "app" {
  backend   = vault_auth_backend.approle.path
  role_id   = vault_approle_auth_backend_role.app.role_id
  secret_id = vault_approle_auth_backend_role_secret_id.app.secret_id
}

resource "vault_auth_backend" "userpass" {
  type = "userpass"
  path = "tf-userpass"
}

resource "vault_generic_endpoint" "ada" {
  path                 = "auth/${vault_auth_backend.userpass.path}/users/ada"
  ignore_absent_fields = true
  data_json            = jsonencode({ password = "correct-horse-${var.turn}", token_policies = ["tf-app"] })
}

resource "vault_auth_backend" "kubernetes" {
  type = "kubernetes"
  path = "tf-kubernetes"
}

resource "vault_kubernetes_auth_backend_config" "cluster" {
  backend                = vault_auth_backend.kubernetes.path
  kubernetes_host        = "https://192.0.2.1:6443"
  disable_iss_validation = true
}

resource "vault_kubernetes_auth_backend_role" "app" {
  backend                          = vault_auth_backend.kubernetes.path
  role_name                        = "app"
  bound_service_account_names      = var.turn == 1 ? ["app"] : ["app", "worker"]
  bound_service_account_namespaces = ["shop"]
  token_policies                   = [vault_policy.app.name]
}

resource "vault_token_auth_backend_role" "ci" {
  role_name        = "tf-ci"
  allowed_policies = [vault_policy.app.name]
  orphan           = true
  token_period     = 3600 * var.turn
}

resource "vault_token" "app" {
  policies = [vault_policy.app.name]
  ttl      = "2h"
}

output "told" {
  value = nonsensitive(join(" ", [
    data.vault_kv_secret_v2.app.data["password"],
    data.vault_transit_decrypt.text.plaintext,
  ]))
}
