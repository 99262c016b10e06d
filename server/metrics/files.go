package metrics

import _ "embed"

var (
	//go:embed dashboard.json
	dashboard string

	//go:embed alerts.yaml
	alerts string
)

// Dashboard is a dashboard for Grafana (JSON, to be imported).
func Dashboard() string { return dashboard }

// Alerts are alert rules for Prometheus (YAML, a file of rule_files).
func Alerts() string { return alerts }
