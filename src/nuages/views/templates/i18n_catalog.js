{% autoescape off %}'use strict';
// Translations and formats for scripts. A page can load several catalogs: they add up.
{
  const root = globalThis;
  const django = root.django || (root.django = {});
{% if plural %}
  django.pluralidx = function(n) {
    const form = {{ plural }};
    return typeof form === 'boolean' ? Number(form) : form;
  };
{% else %}
  django.pluralidx = function(count) { return (count == 1) ? 0 : 1; };
{% endif %}
  django.catalog = django.catalog || {};
{% if catalog_str %}
  Object.assign(django.catalog, {{ catalog_str }});
{% endif %}
  django.formats = Object.assign(django.formats || {}, {{ formats_str|default:"{}" }});

  if (!django.jsi18n_initialized) {
    const known = function(id) {
      return Object.hasOwn(django.catalog, id) ? django.catalog[id] : undefined;
    };
    const single = function(id, otherwise) {
      const found = known(id);
      if (found === undefined) {
        return otherwise;
      }
      return typeof found === 'string' ? found : found[0];
    };
    const several = function(id, singular, plural, count) {
      const found = known(id);
      if (found === undefined) {
        return count == 1 ? singular : plural;
      }
      return Array.isArray(found) ? found[django.pluralidx(count)] : found;
    };
    const functions = {
      gettext: function(msgid) {
        return single(msgid, msgid);
      },
      ngettext: function(singular, plural, count) {
        return several(singular, singular, plural, count);
      },
      gettext_noop: function(msgid) {
        return msgid;
      },
      pgettext: function(context, msgid) {
        return single(context + '\x04' + msgid, msgid);
      },
      npgettext: function(context, singular, plural, count) {
        return several(context + '\x04' + singular, singular, plural, count);
      },
      interpolate: function(fmt, obj, named) {
        if (named) {
          return fmt.replace(/%\((\w+)\)s/g, function(match, name) {
            return String(obj[name]);
          });
        }
        let next = 0;
        return fmt.replace(/%s/g, function() {
          return String(obj[next++]);
        });
      },
      get_format: function(name) {
        return name in django.formats ? django.formats[name] : name;
      }
    };
    Object.assign(django, functions);
    Object.assign(root, functions);
    django.jsi18n_initialized = true;
  }
  root.pluralidx = django.pluralidx;
}
{% endautoescape %}
