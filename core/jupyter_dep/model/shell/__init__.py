"""Supported shells: quoting, activation scripts, subshells."""
