{{/* Settings that all parts share and nobody has to hide. */}}
{{- define "kerbside.settings" -}}
KERBSIDE_PUBLIC_URL: {{ include "kerbside.publicUrl" . | quote }}
KERBSIDE_STATE_DIR: /tmp/kerbside
KERBSIDE_STORE_URL: {{ .Values.models.url | default "/var/lib/kerbside/models" | quote }}
OMP_NUM_THREADS: "1"
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ include "kerbside.plain" $value | quote }}
{{- end }}
{{- end -}}

{{/* A value as it was written: a number of a values file is a float, whose own text would be 1e+06. */}}
{{- define "kerbside.plain" -}}
{{- kindIs "string" . | ternary . (toJson .) -}}
{{- end -}}

{{/*
Variables of a part. Each gets its own user of Redis and no other; the address is put
together inside the pod, so that no object holds it.
(dict root, part, redis: user, archive, batches, sealing, models, extra: name -> value)
*/}}
{{- define "kerbside.env" -}}
{{- $root := .root -}}
{{- with .redis }}
{{- $redis := $root.Values.redis }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef: {{- include "kerbside.redis.password" (list $root .) | nindent 6 }}
{{- with and (not $redis.bundled) $redis.sentinel.existingSecret }}
- name: REDIS_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: {{ $redis.sentinel.key }}}
{{- end }}
- name: KERBSIDE_REDIS_URL
  value: {{ include "kerbside.redis.url" (list $root .) | quote }}
{{- end }}
{{- with and .archive $root.Values.archive.existingSecret }}
- name: KERBSIDE_ARCHIVE_URL
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: {{ $root.Values.archive.key }}}
{{- end }}
{{- if and .batches (include "kerbside.batches.taken" $root) }}
- name: KERBSIDE_BATCHES_URL
  value: {{ $root.Values.batches.url | default "/var/lib/kerbside/batches" | quote }}
{{- end }}
{{- if .sealing }}
- name: KERBSIDE_SECRET_KEYS
  valueFrom:
    secretKeyRef:
      name: {{ include "kerbside.existingOr" (list $root $root.Values.sealing.existingSecret "sealing") }}
      key: keys
{{- end }}
{{- if .models }}
- name: KERBSIDE_TRUSTED_KEYS
  valueFrom:
    secretKeyRef:
      name: {{ include "kerbside.existingOr" (list $root $root.Values.models.signing.existingSecret "signing") }}
      key: trusted-keys
{{- end }}
{{- range $name, $value := .extra }}
- name: {{ $name }}
  value: {{ include "kerbside.plain" $value | quote }}
{{- end }}
{{- end -}}

{{/* (list $ user) */}}
{{- define "kerbside.redis.url" -}}
{{- $root := index . 0 -}}
{{- $redis := $root.Values.redis -}}
{{- $name := (index $redis.users (index . 1)).name -}}
{{- $tls := and (not $redis.bundled) $redis.tls.enabled -}}
{{- $sentinel := $redis.sentinel -}}
{{- $said := list -}}
{{- $scheme := "redis" -}}
{{- $places := printf "%s:%s" (include "kerbside.redis.host" $root) (include "kerbside.redis.port" $root) -}}
{{- if $sentinel.hosts -}}
{{- $scheme = "sentinel" -}}
{{- $places = join "," $sentinel.hosts -}}
{{- $said = append $said (printf "master=%s" $sentinel.master) -}}
{{- with $sentinel.user }}{{ $said = append $said (printf "sentinel_user=%s" .) }}{{ end -}}
{{- if $sentinel.existingSecret }}{{ $said = append $said "sentinel_password=$(REDIS_SENTINEL_PASSWORD)" }}{{ end -}}
{{- end -}}
{{- if and $tls $redis.tls.caSecret }}{{ $said = append $said "ssl_ca_certs=/etc/kerbside/redis-ca/ca.crt" }}{{ end -}}
{{- $scheme }}{{ if $tls }}s{{ end }}://{{ $name }}:$(REDIS_PASSWORD)@{{ $places }}/{{ $redis.bundled | ternary 0 $redis.database }}
{{- with $said }}?{{ join "&" . }}{{ end -}}
{{- end -}}
