{{/* Sidekey as a native sidecar: an entry of a pod's `initContainers`, which starts before the containers and ends after them. After a mesh's own. */}}
{{- define "sidekey.sidecar" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- if not $v.sidecar.native -}}
{{- fail "\nsidekey: sidecar.native is false, so Sidekey is an ordinary container.\nInclude sidekey.container in `containers`, not sidekey.sidecar in `initContainers`." -}}
{{- end -}}
{{- include "sidekey.container" . | trim }}
  restartPolicy: Always
{{- end }}

{{/* Sidekey as an ordinary container: an entry of a pod's `containers`. */}}
{{- define "sidekey.container" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- if not $v.config.credentials -}}
{{- fail "\nsidekey: config.credentials is empty, so there is nothing to inject.\nWrite the configuration below `config`; values.yaml shows one." -}}
{{- end -}}
{{- $admin := (include "sidekey.configuration" . | fromJson).admin.listen -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" $admin -}}
{{- fail (printf "\nsidekey: config.admin.listen is %s, where the kubelet's probes do not reach it.\nLeave it out, or write 0.0.0.0:9901 or [::]:9901; the API behind it needs the token." $admin) -}}
{{- end -}}
- name: sidekey
  image: {{ include "sidekey.image" . }}
  imagePullPolicy: {{ $v.image.pullPolicy }}
  {{- $heapMiB := default 64 $v.heapMiB | int }}
  {{- if ne $heapMiB 64 }}
  command: [node, --disable-sigusr1, --no-allocation-site-pretenuring, --retain-maps-for-n-gc=1000, --no-memory-reducer-favors-memory, --max-semi-space-size=4, --max-old-space-size={{ $heapMiB }}, /sidekey/sidekey.mjs]
  {{- end }}
  args: [serve, --config, /etc/sidekey/sidekey.yaml]
  ports:
    - name: sidekey-admin
      containerPort: {{ include "sidekey.port" (dict "context" . "listener" "admin") }}
  {{- include "sidekey.probes" . | trim | nindent 2 }}
  resources:
    {{- toYaml $v.resources | nindent 4 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: [ALL]
    seccompProfile:
      type: RuntimeDefault
  volumeMounts:
    - name: sidekey-config
      mountPath: /etc/sidekey
      readOnly: true
    {{- if include "sidekey.secretSources" . }}
    - name: sidekey-secrets
      mountPath: /run/secrets/sidekey
      readOnly: true
    {{- end }}
    {{- if $v.persistence.enabled }}
    - name: sidekey-store
      mountPath: /var/lib/sidekey
    {{- end }}
{{- end }}

{{/* The kubelet asks the admin port. A sidecar that has a usable secret is ready; the app starts after the startup probe. */}}
{{- define "sidekey.probes" -}}
startupProbe:
  httpGet: { path: /startupz, port: sidekey-admin }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: sidekey-admin }
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  httpGet: { path: /readyz, port: sidekey-admin }
  periodSeconds: 5
  timeoutSeconds: 3
{{- end }}

{{/* Entries of a pod's `volumes`. */}}
{{- define "sidekey.volumes" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
- name: sidekey-config
  configMap:
    name: {{ include "sidekey.fullname" . }}
{{- with include "sidekey.secretSources" . }}
- name: sidekey-secrets
  projected:
    defaultMode: {{ $v.secretsMode }}
    sources:
      {{- . | trim | nindent 6 }}
{{- end }}
{{- if $v.persistence.enabled }}
- name: sidekey-store
  persistentVolumeClaim:
    claimName: {{ include "sidekey.claim" . }}
{{- end }}
{{- end }}

{{- define "sidekey.secretSources" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- $files := $v.secrets -}}
{{- if $v.adminToken.secret -}}
{{- $files = append $files (dict "file" "admin-token" "secret" $v.adminToken.secret "key" $v.adminToken.key) -}}
{{- end -}}
{{- if $v.storeKey.secret -}}
{{- $files = append $files (dict "file" "store-key" "secret" $v.storeKey.secret "key" $v.storeKey.key) -}}
{{- end -}}
{{- range $files }}
- secret:
    name: {{ .secret }}
    items:
      - key: {{ .key | quote }}
        path: {{ .file | quote }}
{{- end }}
{{- end }}

{{/* Entries of the app container's `env`: SIDEKEY_URL, and SIDEKEY_URL_NAME for each route, such as http://127.0.0.1:8080/vonage. */}}
{{- define "sidekey.env" -}}
{{- $v := include "sidekey.values" . | fromJson -}}
{{- $url := printf "http://127.0.0.1:%s" (include "sidekey.port" (dict "context" . "listener" "proxy")) -}}
- name: SIDEKEY_URL
  value: {{ $url }}
{{- range $v.config.routes }}
{{- $name := .name | default .credential }}
{{- $prefix := ternary (dig "match" "pathPrefix" "" .) (printf "/%s" $name) (hasKey . "match") }}
{{- if and $name $prefix }}
- name: SIDEKEY_URL_{{ regexReplaceAll "[^A-Z0-9]" (upper $name) "_" }}
  value: {{ printf "%s%s" $url $prefix }}
{{- end }}
{{- end }}
{{- end }}
