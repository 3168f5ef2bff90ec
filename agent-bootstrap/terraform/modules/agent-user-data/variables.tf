variable "settings" {
  description = "Settings of agent-init.sh by name, as agent.conf.example describes them. None may hold a secret."
  type        = map(string)

  validation {
    condition     = alltrue([for name, value in var.settings : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("[\"\n]", value))])
    error_message = "Names of settings are upper-case letters, digits and underscores; values hold no quotes and no line breaks."
  }

  validation {
    condition     = length([for name in keys(var.settings) : name if can(regex("(TOKEN|PASSWORD|SECRET|PAT|KEY)$", name))]) == 0
    error_message = "A setting must not hold a secret: agents register with their managed identity. Name a Key Vault secret by its URL where there must be one."
  }
}

variable "verb" {
  description = "What agent-init.sh does at each boot: install registers an agent; prep only prepares the machine, for scale sets."
  type        = string
  default     = "install"

  validation {
    condition     = contains(["install", "prep"], var.verb)
    error_message = "The verb is install or prep."
  }
}

variable "delivery" {
  description = "How agent-init.sh comes to the machine: embedded in the user data, or by an extension that downloads it."
  type        = string
  default     = "embedded"

  validation {
    condition     = contains(["embedded", "download"], var.delivery)
    error_message = "The delivery is embedded or download."
  }
}

variable "ca_certificate" {
  description = "Certificate (PEM) of your own certificate authority, for TLS inspection; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.ca_certificate == null || can(regex("^-----BEGIN CERTIFICATE-----", var.ca_certificate))
    error_message = "The ca_certificate is a certificate in PEM form; it begins with -----BEGIN CERTIFICATE-----."
  }
}
