locals {
  bootstrap = "${path.module}/../../.."
  ca_file   = "/etc/ado-agent/ca.pem"
  settings  = merge(var.ca_certificate == null ? {} : { CA_FILE = local.ca_file }, var.settings)

  configuration = concat(
    [{ path = "/etc/ado-agent/agent.conf", permissions = "0644", content = join("", [for name, value in local.settings : "${name}=\"${value}\"\n" if value != ""]) }],
    var.ca_certificate == null ? [] : [{ path = local.ca_file, permissions = "0644", content = var.ca_certificate }],
  )

  script = var.delivery != "embedded" ? [] : concat(
    [
      { path = "/usr/local/sbin/agent-init.sh", permissions = "0755", content = file("${local.bootstrap}/agent-init.sh") },
      { path = "/usr/local/share/ado-agent/agent.conf.example", permissions = "0644", content = file("${local.bootstrap}/agent.conf.example") },
    ],
    [for unit in sort(fileset("${local.bootstrap}/units", "**")) : {
      path        = "/usr/local/share/ado-agent/units/${unit}"
      permissions = "0644"
      content     = file("${local.bootstrap}/units/${unit}")
    }],
    # At every boot, so that a machine that lost its power during the installation finishes it.
    [{ path = "/var/lib/cloud/scripts/per-boot/ado-agent", permissions = "0755", content = "#!/bin/sh\nexec /usr/local/sbin/agent-init.sh ${var.verb}\n" }],
  )

  # JSON is YAML.
  user_data = "#cloud-config\n${jsonencode({ write_files = [for file in concat(local.configuration, local.script) : merge(file, { owner = "root:root" })] })}"
}
