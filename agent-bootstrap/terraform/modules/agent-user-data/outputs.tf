output "custom_data" {
  description = "User data for cloud-init, packed and encoded as a machine takes it."
  value       = base64gzip(local.user_data)

  precondition {
    condition     = length(base64gzip(local.user_data)) <= 65535
    error_message = "The user data is larger than the 64 KB that Azure accepts: use delivery = \"download\"."
  }
}

output "user_data" {
  description = "The same as text, to read: it holds no secret."
  value       = local.user_data
}

output "download_command" {
  description = "What the extension runs after it has downloaded agent-bootstrap.tar.gz."
  value       = "tar -xzf agent-bootstrap.tar.gz && ./agent-init.sh ${var.verb}"
}
