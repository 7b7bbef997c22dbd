{{/* Names are short enough for what KEDA, Deployments and CronJobs put behind them. */}}
{{- define "kerbside.fullname" -}}
{{- $own := .Values.fullnameOverride | default (contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name)) -}}
{{- $own | trunc 34 | trimSuffix "-" -}}
{{- end -}}

{{/* What selects the pods of a part; it never changes, for selectors may not. (list $ part) */}}
{{- define "kerbside.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list $ part) */}}
{{- define "kerbside.labels" -}}
{{- $root := index . 0 -}}
{{ include "kerbside.selector" . }}
app.kubernetes.io/version: {{ $root.Values.image.tag | default $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{/* Name and labels of an object: (list $ part) */}}
{{- define "kerbside.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "kerbside.fullname" $root }}-{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels: {{- include "kerbside.labels" . | nindent 2 }}
{{- end -}}

{{- define "kerbside.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "kerbside.fullname" .) "default") -}}
{{- end -}}

{{/* (list image default-tag) */}}
{{- define "kerbside.image" -}}
{{- $image := index . 0 -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default (index . 1) }}{{ end -}}
{{- end -}}

{{- define "kerbside.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{- .Values.publicUrl -}}
{{- else if .Values.ingress.enabled -}}
{{- empty .Values.ingress.tlsSecret | ternary "http" "https" }}://{{ .Values.ingress.host -}}
{{- else -}}
{{- include "kerbside.apiUrl" . -}}
{{- end -}}
{{- end -}}

{{/* Where the API is reached inside the cluster. */}}
{{- define "kerbside.apiUrl" -}}
http://{{ include "kerbside.fullname" . }}-api.{{ .Release.Namespace }}.svc
{{- if ne (int .Values.api.service.port) 80 }}:{{ .Values.api.service.port }}{{ end -}}
{{- end -}}

{{/* The lanes that have workers, merged with what holds for all of them. */}}
{{- define "kerbside.lanes" -}}
{{- $lanes := dict -}}
{{- range $name, $own := .Values.workers -}}
{{- $lane := mergeOverwrite (deepCopy $.Values.workerDefaults) (deepCopy ($own | default dict)) -}}
{{- if $lane.enabled -}}
{{- $_ := set $lanes $name $lane -}}
{{- end -}}
{{- end -}}
{{- toYaml $lanes -}}
{{- end -}}

{{- define "kerbside.redis.host" -}}
{{- .Values.redis.bundled | ternary (printf "%s-redis" (include "kerbside.fullname" .)) .Values.redis.host -}}
{{- end -}}

{{/* Ports of Redis and of those who watch it, as a list. */}}
{{- define "kerbside.redis.ports" -}}
{{- $ports := list (include "kerbside.redis.port" . | int) -}}
{{- range .Values.redis.sentinel.hosts }}{{ $ports = append $ports (splitList ":" . | last | int) }}{{ end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{- define "kerbside.redis.port" -}}
{{- .Values.redis.bundled | ternary 6379 .Values.redis.port -}}
{{- end -}}
