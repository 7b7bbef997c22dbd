"""Tests of what operators see: alerts, dashboards, the runbook."""
