{{/* What holds for the pods of a part: (list $ own) */}}
{{- define "kerbside.pod.values" -}}
{{- $root := index . 0 -}}
{{- mergeOverwrite (deepCopy $root.Values.pod) (deepCopy (index . 1 | default dict)) | toYaml -}}
{{- end -}}

{{/*
A pod with one container of Kerbside, as a template of it.
(dict root, part, name: of a bare pod, pod: merged values, main: the container's own
 fields as YAML, grace, env: arguments of kerbside.env, store: "read" or "write", signing,
 restart)
*/}}
{{- define "kerbside.pod" -}}
{{- $root := .root -}}
{{- $pod := .pod -}}
metadata:
  {{- with .name }}
  name: {{ . }}
  namespace: {{ $root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "kerbside.labels" (list $root .part) | nindent 4 }}
    {{- with $pod.labels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    checksum/settings: {{ include "kerbside.settings" $root | sha256sum }}
    checksum/secrets: {{ include "kerbside.pod.secrets" . | sha256sum }}
    {{- with $pod.annotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  {{- include "kerbside.pod.common" (list $root .part $pod) | nindent 2 }}
  {{- with .grace }}
  terminationGracePeriodSeconds: {{ int64 . }}
  {{- end }}
  {{- with .restart }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- with include "kerbside.pod.before" . | fromYamlArray }}
  initContainers: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: kerbside
      {{- .main | nindent 6 }}
      image: {{ include "kerbside.image" (list $root.Values.image $root.Chart.AppVersion) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext: {{- toYaml $pod.containerSecurityContext | nindent 8 }}
      {{- with $pod.resources }}
      resources: {{- toYaml . | nindent 8 }}
      {{- end }}
      env:
        {{- with include "kerbside.env" (merge (dict "root" $root) .env) | trim }}{{ . | nindent 8 }}{{ end }}
        {{- with $pod.extraEnv }}{{ toYaml . | nindent 8 }}{{ end }}
      envFrom:
        - configMapRef: {name: {{ include "kerbside.fullname" $root }}-settings}
        {{- with and .store $root.Values.models.credentials.existingSecret }}
        - secretRef: {name: {{ . }}}
        {{- end }}
        {{- with $pod.extraEnvFrom }}{{ toYaml . | nindent 8 }}{{ end }}
      volumeMounts:
        {{- include "kerbside.pod.mounts" . | nindent 8 }}
    {{- if not .restart }}{{ with $pod.sidecars }}{{ toYaml . | nindent 4 }}{{ end }}{{ end }}
  volumes:
    {{- include "kerbside.pod.volumes" . | nindent 4 }}
{{- end -}}

{{/*
Containers that are started before that of Kerbside. In a pod that ends by itself sidecars
are among them, as Kubernetes has it since 1.29: it ends those when the others have ended.
*/}}
{{- define "kerbside.pod.before" -}}
{{- $before := .pod.initContainers -}}
{{- if .restart -}}
{{- range .pod.sidecars -}}
{{- $before = append $before (merge (dict "restartPolicy" "Always") .) -}}
{{- end -}}
{{- end -}}
{{- toYaml $before -}}
{{- end -}}

{{/* What every pod of the chart has, the bundled Redis too: (list $ part pod) */}}
{{- define "kerbside.pod.common" -}}
{{- $root := index . 0 -}}
{{- $pod := index . 2 -}}
serviceAccountName: {{ include "kerbside.serviceAccount" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- toYaml $pod.securityContext | nindent 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "kerbside.pod.spread" . | trim }}
topologySpreadConstraints: {{- . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* (list $ part pod) */}}
{{- define "kerbside.pod.spread" -}}
{{- $pod := index . 2 -}}
{{- $own := $pod.topologySpreadConstraints -}}
{{- if and (not $own) $pod.spread -}}
{{- $soft := dict "maxSkew" 1 "whenUnsatisfiable" "ScheduleAnyway" -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $own = append $own (merge (dict "topologyKey" .) $soft) -}}
{{- end -}}
{{- end -}}
{{- $selector := dict "matchLabels" (include "kerbside.selector" . | fromYaml) -}}
{{- range $own }}
- {{ merge (dict "labelSelector" $selector) . | toYaml | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* What the Secrets of the chart that a pod reads hold now. */}}
{{- define "kerbside.pod.secrets" -}}
{{- $values := .root.Values -}}
{{- if and .env.redis $values.redis.bundled (not $values.redis.existingSecret) }}{{ include "kerbside.secret.data" (list .root "redis") }}{{ end -}}
{{- if and .env.sealing (not $values.sealing.existingSecret) }}{{ include "kerbside.secret.data" (list .root "sealing") }}{{ end -}}
{{- if and .env.models (not $values.models.signing.existingSecret) }}{{ include "kerbside.secret.data" (list .root "signing") }}{{ end -}}
{{- if and (eq .part "flower") (not $values.flower.existingSecret) }}{{ include "kerbside.secret.data" (list .root "flower") }}{{ end -}}
{{- end -}}

{{- define "kerbside.pod.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if and .store (not .root.Values.models.url) }}
- {name: models, mountPath: /var/lib/kerbside/models, readOnly: {{ ne .store "write" }}}
{{- end }}
{{- if and .env.batches (include "kerbside.batches.volume" .root) }}
- {name: batches, mountPath: /var/lib/kerbside/batches}
{{- end }}
{{- if .signing }}
- {name: signing, mountPath: /etc/kerbside/signing, readOnly: true}
{{- end }}
{{- if include "kerbside.pod.redisCa" . }}
- {name: redis-ca, mountPath: /etc/kerbside/redis-ca, readOnly: true}
{{- end }}
{{- with .pod.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kerbside.pod.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if and .store (not .root.Values.models.url) }}
- name: models
  persistentVolumeClaim:
    claimName: {{ include "kerbside.existingOr" (list .root .root.Values.models.volume.existingClaim "models") }}
{{- end }}
{{- if and .env.batches (include "kerbside.batches.volume" .root) }}
- name: batches
  persistentVolumeClaim:
    claimName: {{ include "kerbside.existingOr" (list .root .root.Values.batches.volume.existingClaim "batches") }}
{{- end }}
{{- if .signing }}
- name: signing
  secret:
    secretName: {{ include "kerbside.existingOr" (list .root .root.Values.models.signing.existingSecret "signing") }}
    defaultMode: 0440
    items: [{key: signing-key.pem, path: signing-key.pem}]
{{- end }}
{{- if include "kerbside.pod.redisCa" . }}
- name: redis-ca
  secret:
    secretName: {{ .root.Values.redis.tls.caSecret }}
    items: [{key: {{ .root.Values.redis.tls.key }}, path: ca.crt}]
{{- end }}
{{- with .pod.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whether a pod needs the authority of a Redis with TLS. */}}
{{- define "kerbside.pod.redisCa" -}}
{{- $redis := .root.Values.redis -}}
{{- if and .env.redis (not $redis.bundled) $redis.tls.enabled $redis.tls.caSecret }}yes{{ end -}}
{{- end -}}

{{/*
Whether a worker makes progress: it touches its file each second while it does, also
while Redis is away or no model is there. No Python is started to look.
*/}}
{{- define "kerbside.worker.probes" -}}
{{- $alive := list "sh" "-c" "test -n \"$(find /tmp/health -name '*.alive' -mmin -1)\"" -}}
startupProbe:
  exec: {command: {{ toJson $alive }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  exec: {command: {{ toJson $alive }}}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}
