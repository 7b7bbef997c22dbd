{{/* What a schema cannot tell: each fault says what was found and how it is mended. */}}
{{- define "kerbside.checks" -}}
{{- $redis := .Values.redis -}}
{{- if not $redis.bundled -}}
{{- if not (or $redis.host $redis.sentinel.hosts) -}}
{{- fail "redis.host is empty: name the Redis of your own, or its sentinels in redis.sentinel.hosts, or set redis.bundled to true" -}}
{{- end -}}
{{- if and $redis.host $redis.sentinel.hosts -}}
{{- fail (printf "redis.host is %q beside redis.sentinel.hosts: the sentinels say which server is the primary; leave redis.host empty" $redis.host) -}}
{{- end -}}
{{- if and $redis.sentinel.hosts (not $redis.sentinel.master) -}}
{{- fail "redis.sentinel.master is empty: say what the sentinels call the servers that they watch" -}}
{{- end -}}
{{- range $part, $user := $redis.users -}}
{{- if not (or $user.secret $redis.existingSecret) -}}
{{- fail (printf "redis.users.%s has no password: name the Secret that holds it, in redis.existingSecret or redis.users.%s.secret" $part $part) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- if $redis.tls.enabled -}}
{{- fail "redis.tls.enabled is true with the bundled Redis, which has no TLS: set redis.bundled to false and redis.host to a Redis of your own" -}}
{{- end -}}
{{- if $redis.sentinel.hosts -}}
{{- fail "redis.sentinel.hosts with the bundled Redis, which nobody watches: set redis.bundled to false" -}}
{{- end -}}
{{- range $part, $user := $redis.users -}}
{{- if ne $user.name $part -}}
{{- fail (printf "redis.users.%s.name is %q, and the bundled Redis knows this user as %q: leave the name out, or set redis.bundled to false and redis.host to a Redis of your own" $part $user.name $part) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.host is empty: name the host under which clients reach the API" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (hasPrefix "*" .Values.ingress.host) (not .Values.publicUrl) -}}
{{- fail (printf "ingress.host is %q, which is no address that an answer can name: set publicUrl to where clients reach the API" .Values.ingress.host) -}}
{{- end -}}
{{- if and .Values.monitoring.monitors (not .Values.figuresKey.existingSecret) -}}
{{- fail "monitoring.monitors needs figuresKey.existingSecret: a Secret with an API key of scope figures, with which Prometheus reads /metrics" -}}
{{- end -}}
{{- if le (int .Values.api.terminationGracePeriodSeconds) (add .Values.api.preStopSeconds 10 | int) -}}
{{- fail (printf "api: terminationGracePeriodSeconds is %d, preStopSeconds is %d: after those the API takes up to 10 seconds to answer who waits; let the first be greater than both together" (int .Values.api.terminationGracePeriodSeconds) (int .Values.api.preStopSeconds)) -}}
{{- end -}}
{{- if le (int .Values.upkeep.terminationGracePeriodSeconds) 10 -}}
{{- fail (printf "upkeep: terminationGracePeriodSeconds is %d: its worker takes up to 10 seconds for what it has in hand; let it be greater" (int .Values.upkeep.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- range $name, $lane := include "kerbside.lanes" . | fromYaml -}}
{{- include "kerbside.checks.lane" (list $ $name $lane) -}}
{{- end -}}
{{- end -}}

{{/* (list $ name lane) */}}
{{- define "kerbside.checks.lane" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $lane := index . 2 -}}
{{- $scaling := $lane.autoscaling -}}
{{- if le (int $lane.terminationGracePeriodSeconds) (int $lane.drainSeconds) -}}
{{- fail (printf "workers.%s: terminationGracePeriodSeconds is %d, drainSeconds is %d: a worker would be killed before it has given back what it holds; let the first be greater" $name (int $lane.terminationGracePeriodSeconds) (int $lane.drainSeconds)) -}}
{{- end -}}
{{- if eq $scaling.mode "keda" -}}
{{- if and (eq $scaling.triggers "metrics-api") (not $root.Values.figuresKey.existingSecret) -}}
{{- fail (printf "workers.%s: triggers metrics-api need figuresKey.existingSecret: a Secret with an API key of scope figures, with which KEDA reads /v1/ops/scaler" $name) -}}
{{- end -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "workers.%s: minReplicas is %d, maxReplicas is %d: let the first be no greater" $name (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- if and (eq $name "predictions") (lt (int $scaling.minReplicas) 1) -}}
{{- fail "workers.predictions: minReplicas is 0: somebody waits for these, let it be 1 or more" -}}
{{- end -}}
{{- if and $root.Values.keda.required $root.Release.IsInstall (not ($root.Capabilities.APIVersions.Has "keda.sh/v1alpha1")) -}}
{{- fail (printf "workers.%s: autoscaling.mode is keda, and this cluster does not know keda.sh/v1alpha1: install KEDA first, set the mode to none, or, where Helm only renders, set keda.required to false or give --api-versions keda.sh/v1alpha1" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
