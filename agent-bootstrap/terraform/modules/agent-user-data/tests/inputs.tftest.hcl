# No way to put a secret into the settings.

run "writes_settings_as_the_script_reads_them" {
  command = plan

  variables {
    verb     = "prep"
    settings = { TOOL_CACHE = "/opt/tools", EMPTY = "" }
  }

  assert {
    condition     = strcontains(output.user_data, "TOOL_CACHE=\\\"/opt/tools\\\"\\n") && !strcontains(output.user_data, "EMPTY=")
    error_message = "The settings are not written as agent.conf wants them."
  }

  assert {
    condition     = strcontains(output.user_data, "agent-init.sh prep\\n")
    error_message = "The machine does not run prep at its boot."
  }
}

run "refuses_a_token" {
  command = plan

  variables {
    settings = { AGENT_TOKEN = "abc" }
  }

  expect_failures = [var.settings]
}

run "refuses_a_line_break_in_a_value" {
  command = plan

  variables {
    settings = { PROXY_BYPASS = "a\nAUTH=pat" }
  }

  expect_failures = [var.settings]
}
