"""Orchestration over ports: what happens on each verb. No disk and no programs of its own."""
