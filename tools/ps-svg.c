/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One style sheet for all pictures, in the picture itself: it refers to nothing outside, and
 * follows the reader's choice of light or dark. Renderers that do not know that choice show the
 * light one, which has a ground of its own and so can be read on any page.
 *
 * No fonts are measured: a letter is taken to be as wide as that of a wide font, and texts are cut
 * to the room that they have. The whole of a cut text shows on hover.
 */

#include "ps-svg.h"

#include <math.h>

#include "ps-xml.h"

static const char style[] =
    "text{font:12px system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif;"
    "fill:#1f2530}"
    ".head{font-size:18px;font-weight:600}"
    ".small{font-size:11px}"
    ".muted{fill:#626b7a}"
    ".phase{font-size:11px;font-weight:600}"
    ".on{fill:#ffffff}"
    ".ground{fill:#ffffff;stroke:#d9dee7}"
    ".grid{stroke:#e6e9ef}"
    ".axis{stroke:#aab2c0}"
    ".mark{stroke:#3d4657;stroke-width:1.5}"
    ".end{stroke:#3d4657;stroke-width:1.5;stroke-dasharray:2 3}"
    ".deadline{stroke:#c4342b;stroke-width:1.5;stroke-dasharray:6 4}"
    ".pin{fill:#3d4657}"
    "rect.bad,circle.bad,path.bad{fill:#c4342b}text.bad{fill:#b3261e}"
    ".query{fill:#b0700a}.checkpoint{fill:#7d55c7}.terminate{fill:#2f66cf}.finish{fill:#1d8a60}"
    ".band{fill-opacity:.09}"
    ".dot{fill-opacity:.45}"
    ".hold{fill:#c4342b;fill-opacity:.3;stroke:#c4342b;stroke-dasharray:3 2}"
    ".open{stroke:#c4342b;stroke-width:2}"
    ".box{fill-opacity:.28}"
    ".median{stroke:#1f2530;stroke-width:2.5}"
    ".p95{stroke:#1f2530;stroke-width:1.5;stroke-dasharray:2 2}"
    "@media(prefers-color-scheme:dark){"
    "text{fill:#e4e8f0}.muted{fill:#9aa4b5}.on{fill:#0f131a}"
    ".ground{fill:#14181f;stroke:#2c3340}.grid{stroke:#262c37}.axis{stroke:#5a6475}"
    ".mark,.end{stroke:#c3cad6}.deadline{stroke:#ff7d70}.pin{fill:#c3cad6}"
    "rect.bad,circle.bad,path.bad{fill:#ff7d70}text.bad{fill:#ff8f84}"
    ".query{fill:#e9b24a}.checkpoint{fill:#b99bf2}.terminate{fill:#7ba6ff}.finish{fill:#58cc9c}"
    ".band{fill-opacity:.13}.hold{fill:#ff7d70;stroke:#ff7d70}.open{stroke:#ff7d70}"
    ".median,.p95{stroke:#f2f5fa}"
    "}";

/* Never with a comma, whatever the locale; two digits, and no more of them than are needed. */
static void
put (GString *to, const char *before, double number)
{
  gint64 hundredths = (gint64) llround (number * 100), whole = hundredths / 100;
  gint64 rest = ABS (hundredths % 100);

  g_string_append_printf (to, "%s%s%" G_GINT64_FORMAT, before,
                          hundredths < 0 && whole == 0 ? "-" : "", whole);
  if (rest != 0)
    g_string_append_printf (to, rest % 10 == 0 ? ".%" G_GINT64_FORMAT : ".%02" G_GINT64_FORMAT,
                            rest % 10 == 0 ? rest / 10 : rest);
}

static double
keep_x (const PsSvg *self, double x)
{
  return isfinite (x) ? CLAMP (x, 0, self->width) : 0;
}

static double
keep_y (const PsSvg *self, double y)
{
  return isfinite (y) ? CLAMP (y, 0, self->height) : 0;
}

static void
put_title (GString *to, const char *element, const char *title)
{
  g_string_append (to, "><title>");
  ps_xml_append (to, title);
  g_string_append_printf (to, "</title></%s>\n", element);
}

static void
end_element (GString *to, const char *element, const char *title)
{
  if (title != NULL)
    put_title (to, element, title);
  else
    g_string_append (to, "/>\n");
}

void
ps_svg_init (PsSvg *self, double width, double height, const char *title, const char *description)
{
  GString *to = g_string_new ("<svg xmlns=\"http://www.w3.org/2000/svg\"");

  self->text = to;
  self->width = width;
  self->height = height;
  put (to, " width=\"", width);
  put (to, "\" height=\"", height);
  put (to, "\" viewBox=\"0 0 ", width);
  put (to, " ", height);
  g_string_append (to, "\" role=\"img\">\n<title>");
  ps_xml_append (to, title);
  g_string_append (to, "</title>\n<desc>");
  ps_xml_append (to, description);
  g_string_append_printf (to, "</desc>\n<style>%s</style>\n", style);
  ps_svg_rect (self, "ground", 0.5, 0.5, width - 1, height - 1, 8, NULL);
}

char *
ps_svg_finish (PsSvg *self)
{
  g_string_append (self->text, "</svg>\n");
  return g_string_free (g_steal_pointer (&self->text), FALSE);
}

void
ps_svg_rect (PsSvg *self, const char *class, double x, double y, double width, double height,
             double radius, const char *title)
{
  double left = keep_x (self, x), right = keep_x (self, x + width);
  double top = keep_y (self, y), bottom = keep_y (self, y + height);

  g_string_append_printf (self->text, "<rect class=\"%s\"", class);
  put (self->text, " x=\"", left);
  put (self->text, "\" y=\"", top);
  put (self->text, "\" width=\"", MAX (right - left, 0));
  put (self->text, "\" height=\"", MAX (bottom - top, 0));
  if (radius > 0)
    put (self->text, "\" rx=\"", MIN (radius, (right - left) / 2));
  g_string_append_c (self->text, '"');
  end_element (self->text, "rect", title);
}

void
ps_svg_line (PsSvg *self, const char *class, double x1, double y1, double x2, double y2)
{
  g_string_append_printf (self->text, "<line class=\"%s\"", class);
  put (self->text, " x1=\"", keep_x (self, x1));
  put (self->text, "\" y1=\"", keep_y (self, y1));
  put (self->text, "\" x2=\"", keep_x (self, x2));
  put (self->text, "\" y2=\"", keep_y (self, y2));
  g_string_append (self->text, "\"/>\n");
}

void
ps_svg_dot (PsSvg *self, const char *class, double x, double y, double radius, const char *title)
{
  g_string_append_printf (self->text, "<circle class=\"%s\"", class);
  put (self->text, " cx=\"", CLAMP (keep_x (self, x), radius, self->width - radius));
  put (self->text, "\" cy=\"", CLAMP (keep_y (self, y), radius, self->height - radius));
  put (self->text, "\" r=\"", radius);
  g_string_append_c (self->text, '"');
  end_element (self->text, "circle", title);
}

void
ps_svg_pin (PsSvg *self, const char *class, double x, double y, const char *title)
{
  const double half = 5, high = 8;

  x = CLAMP (keep_x (self, x), half, self->width - half);
  y = CLAMP (keep_y (self, y), high, self->height);
  g_string_append_printf (self->text, "<path class=\"%s\"", class);
  put (self->text, " d=\"M", x);
  put (self->text, " ", y);
  put (self->text, "L", x - half);
  put (self->text, " ", y - high);
  put (self->text, "L", x + half);
  put (self->text, " ", y - high);
  g_string_append (self->text, "Z\"");
  end_element (self->text, "path", title);
}

double
ps_svg_text_width (const char *text)
{
  return (double) ps_xml_width (text) * PS_SVG_LETTER;
}

double
ps_svg_text (PsSvg *self, const char *class, double x, double y, PsSvgAnchor anchor, double room,
             const char *text)
{
  static const char *const anchors[] = { "", "\" text-anchor=\"middle", "\" text-anchor=\"end" };
  gsize letters = room > 0 ? (gsize) (room / PS_SVG_LETTER) : 0, used;

  if (letters == 0 || *text == '\0')
    return 0;
  g_string_append_printf (self->text, "<text class=\"%s\"", class);
  put (self->text, " x=\"", keep_x (self, x));
  put (self->text, "\" y=\"", keep_y (self, y));
  g_string_append_printf (self->text, "%s\">", anchors[anchor]);
  used = ps_xml_append_cut (self->text, text, letters);
  if (ps_xml_width (text) > letters)
    {
      g_string_append (self->text, "<title>");
      ps_xml_append (self->text, text);
      g_string_append (self->text, "</title>");
    }
  g_string_append (self->text, "</text>\n");
  return (double) used * PS_SVG_LETTER;
}
