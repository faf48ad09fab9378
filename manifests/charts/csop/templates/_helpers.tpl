{{/* The name of everything that the release makes. */}}
{{- define "csop.fullname" -}}
{{- $release := ternary .Release.Name (printf "%s-csop" .Release.Name) (contains "csop" .Release.Name) -}}
{{- printf "%s-operator" ($release | trunc 50 | trimSuffix "-") -}}
{{- end -}}

{{/* The labels that select the operator's pods: fixed for the life of a release. */}}
{{- define "csop.selector" -}}
app.kubernetes.io/name: csop-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "csop.labels" -}}
{{ include "csop.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: csop
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "csop.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* What the operator may do: docs/security.md says why. Kept in step with what the controllers declare by a test. */}}
{{- define "csop.rules" -}}
- apiGroups: [csop.dev]
  resources: [cashservices, cashservicescheduledscales]
  verbs: [get, list, watch]
- apiGroups: [csop.dev]
  resources: [generalscalers]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [csop.dev]
  resources: [cashservices/status, cashservicescheduledscales/status, generalscalers/status]
  verbs: [patch]
- apiGroups: [csop.dev]
  resources: [cashservices/finalizers, cashservicescheduledscales/finalizers, generalscalers/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [configmaps, secrets, serviceaccounts, services]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [apps]
  resources: [controllerrevisions, deployments]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch]
- apiGroups: ["*"]
  resources: ["*/scale"]
  verbs: [get, update]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [""]
  resources: [pods, resourcequotas]
  verbs: [get, list, watch]
- apiGroups: [metrics.k8s.io]
  resources: [pods]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
